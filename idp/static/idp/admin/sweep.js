"use strict";
/* Long work goes on by itself; without a script a button does it. */
for (const form of document.querySelectorAll("form[data-goes-on]")) form.requestSubmit();
