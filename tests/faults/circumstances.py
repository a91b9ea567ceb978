"""placeholder"""
def main(seed): return [], []
