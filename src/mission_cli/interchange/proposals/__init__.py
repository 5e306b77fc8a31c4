"""Documents that workers write and people decide about: suggestions and requirements, read leniently."""
