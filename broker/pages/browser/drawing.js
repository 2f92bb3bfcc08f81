// An SVG of our own, cleaned by DOMPurify (NiceGUI's setHTML) before it is shown. No template: compiling one needs eval.
import { h } from "vue";

export default {
  props: { svg: String },
  render() {
    return h("div");
  },
  mounted() {
    this.$el.setHTML(this.svg);
  },
  updated() {
    this.$el.setHTML(this.svg);
  },
};
