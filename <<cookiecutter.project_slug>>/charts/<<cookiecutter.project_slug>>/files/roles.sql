-- Run once, when the data folder is made: a role and a database for the system, and for Temporal.
\getenv app_password APP_PASSWORD
\getenv temporal_password TEMPORAL_PASSWORD
CREATE ROLE app LOGIN PASSWORD :'app_password';
CREATE DATABASE app OWNER app;
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
-- Each role sees its own databases only.
REVOKE CONNECT ON DATABASE app, temporal, temporal_visibility, postgres FROM PUBLIC;
