import texts from "./texts.json";

function mount(root, context) {
  root.dataset.toyBoxes = context.campaign.view.colours.join(" ");
  return {
    start() {},
    async land({ colour }) {
      root.dataset.toyOpened = colour;
    },
    async fail() {},
    setLocale() {},
    setPools() {},
  };
}

export default { texts, mount };
