CREATE TABLE kept_values (
    digest TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    good_until BIGINT NOT NULL
);

CREATE INDEX kept_values_good_until ON kept_values (good_until);
