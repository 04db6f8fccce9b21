"""The CV that a bare `raw run analyze-cv` looks at. The person is invented."""

SAMPLE_CV = """\
Mara Lindqvist
mara.lindqvist@example.org | +44 20 7946 0018 | Leeds

SUMMARY
Backend engineer who likes small services, plain SQL and boring deployments.

EXPERIENCE
Senior Software Engineer, Northwind Parcel, Leeds               Mar 2020 - present
- Own the parcel tracking service: Python, FastAPI, PostgreSQL 14, about 900 requests a second
- Moved 14 services from hand-made VMs to Docker and Kubernetes
- Cut the release cycle from two weeks to one day with GitHub Actions

Software Engineer, Fabrikam Health, York                        09/2016 - 02/2020
- REST API for appointment booking in Django; nightly imports in Celery

EDUCATION
BSc Computer Science, University of York, 2013 - 2016

LANGUAGES
English (native), Swedish (B1)

Last updated June 2024
"""
