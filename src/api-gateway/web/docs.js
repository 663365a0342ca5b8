SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#reference',
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  // The description would otherwise be sent to a validator on the Internet.
  validatorUrl: null,
});
