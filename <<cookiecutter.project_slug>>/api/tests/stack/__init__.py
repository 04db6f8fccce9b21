"""What is tested on containers that run (`make up`): `python -m api.tests.stack chaos|rolling|journey`."""
