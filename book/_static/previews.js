/* Previews of links: their formulas are typeset once they are in the page, where MathJax can measure them. */
tippy.setDefaultProps({
  onMount(instance) {
    if (instance.prepared) return;
    instance.prepared = true;
    for (const element of instance.popper.querySelectorAll("[id]")) element.removeAttribute("id");  // the page has them already
    window.MathJax?.typesetPromise?.([instance.popper]).then(() => instance.popperInstance?.update());
  },
});
