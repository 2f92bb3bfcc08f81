// A labelled native field: text, number, password or a choice of options.
import { h } from "vue";

let made = 0;

export default {
  props: { label: String, kind: String, value: String, min: String, max: String, options: Array, hint: String },
  emits: ["change"],
  data() {
    made += 1;
    // What was typed outlives a drawing anew: the server's value is only the first.
    return { field: `entry-${made}`, typed: this.value };
  },
  render() {
    const changed = (event) => {
      this.typed = event.target.value;
      this.$emit("change", this.typed);
    };
    const options = this.options?.map((option) =>
      h("option", { value: option, selected: option === this.typed }, option),
    );
    const common = { id: this.field, value: this.typed, "aria-describedby": this.hint ? `${this.field}-hint` : null };
    const control = options
      ? h("select", { ...common, onChange: changed }, options)
      : h("input", { ...common, type: this.kind, min: this.min, max: this.max, onInput: changed });
    const hint = this.hint ? h("small", { id: `${this.field}-hint` }, this.hint) : null;
    return h("div", { class: "field" }, [h("label", { for: this.field }, this.label), control, hint]);
  },
};
