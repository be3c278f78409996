// Sends the form of a page that only leads on to another site. Without this file its button does.
document.querySelector("form[data-onward]")?.submit();
