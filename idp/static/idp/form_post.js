// Sends the answer on its way; without scripts the reader uses the button.
"use strict";
document.getElementById("idp-form-post").submit();
