// Takes files by drop or by the file dialog, sends each to the broker as it is, and tells the page what came of it.
// A file that doesn't say its unit stays here until somebody has said it.
import { h } from "vue";

const UNITS = ["mm", "cm", "inch", "m"];
const UNITS_OF_SVG = ["mm", "inch", "px", "pt"];

export default {
  props: { target: String, accept: String, cap: Number },
  emits: ["uploaded", "refused"],
  data() {
    return { over: false, sending: [], unitless: [] };
  },
  methods: {
    async take(files) {
      // One after the other, so that the parts stand in the order of the files.
      for (const file of files) await this.send(file, null);
    },
    async send(file, unit) {
      this.unitless = this.unitless.filter((waiting) => waiting !== file);
      if (file.size > this.cap) {
        const mb = Math.floor(this.cap / 1e6);
        this.refuse(file, { detail: `the file is larger than ${mb} MB`, fix: "send a smaller file" });
        return;
      }
      this.sending.push(file.name);
      try {
        await this.deliver(file, unit);
      } catch (error) {
        this.refuse(file, { detail: `the file did not arrive: ${error.message}`, fix: "try again" });
      } finally {
        this.sending.splice(this.sending.indexOf(file.name), 1);
      }
    },
    async deliver(file, unit) {
      const form = new FormData();
      form.append("file", file);
      if (unit) form.append("unit", unit);
      const answer = await fetch((window.path_prefix ?? "") + this.target, { method: "POST", body: form });
      const body = await answer.json();
      if (answer.ok) this.$emit("uploaded", body.part);
      else if (body.ask === "unit") this.unitless.push(file);
      else this.refuse(file, body);
    },
    refuse(file, problem) {
      this.$emit("refused", [file.name, problem.detail ?? "", problem.fix ?? ""]);
    },
    asked(file) {
      const known = file.name.toLowerCase().endsWith(".svg") ? UNITS_OF_SVG : UNITS;
      const units = known.map((unit) =>
        h("button", { type: "button", class: "plain", onClick: () => this.send(file, unit) }, unit),
      );
      return h("p", { class: "ask", role: "group", "aria-label": `Unit of ${file.name}` }, [
        `${file.name} doesn't say its unit. It is drawn in `,
        ...units,
      ]);
    },
  },
  render() {
    const chosen = (event) => {
      this.take([...event.target.files]);
      event.target.value = "";
    };
    const dropped = (event) => {
      event.preventDefault();
      this.over = false;
      this.take([...event.dataTransfer.files]);
    };
    const over = (event) => {
      event.preventDefault();
      this.over = true;
    };
    const zone = { onDragover: over, onDragleave: () => (this.over = false), onDrop: dropped };
    return h("div", { class: "file-drop" }, [
      h("label", { class: ["zone", { over: this.over }], ...zone }, [
        h("input", { type: "file", multiple: true, accept: this.accept, onChange: chosen }),
        h("strong", "Drop files here, or choose them"),
        h("span", "STL, 3MF, OBJ or STEP for parts to print, DXF or SVG for parts to cut from sheet"),
      ]),
      ...this.sending.map((name) => h("p", { class: "quiet", role: "status" }, `Measuring ${name} …`)),
      ...this.unitless.map((file) => this.asked(file)),
    ]);
  },
};
