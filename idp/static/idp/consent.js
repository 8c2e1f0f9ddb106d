// Keeps a form from being sent twice, and shows that it is on its way. Decides and remembers nothing.
(() => {
  "use strict";
  const forms = document.querySelectorAll("form[data-idp-once]");

  const release = (form) => {
    delete form.dataset.idpSent;
    form.removeAttribute("aria-busy");
    form.querySelectorAll("button[type=submit]").forEach((button) => {
      button.removeAttribute("aria-disabled");
      button.classList.remove("idp-button--busy");
    });
  };

  forms.forEach((form) => {
    form.addEventListener("submit", (event) => {
      if (form.dataset.idpSent) {
        event.preventDefault();
        return;
      }
      // Buttons stay enabled in the form data's eyes: a disabled one would not send its value.
      form.dataset.idpSent = "1";
      form.setAttribute("aria-busy", "true");
      form.querySelectorAll("button[type=submit]").forEach((button) => {
        button.setAttribute("aria-disabled", "true");
        button.classList.toggle("idp-button--busy", button === event.submitter);
      });
    });
  });

  // A page that comes back from the browser's memory can be used again.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) forms.forEach(release);
  });
})();
