-- One row for each question. Times are in milliseconds since 1970, UTC; took_us in microseconds; helpful is 1, 0 or null; model is
-- what a model had to do with the answer, null where models have no part.
-- BIGINT everywhere: the one integer that both databases give back as the same type.
CREATE TABLE asked (
    request TEXT NOT NULL PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    assistant BIGINT NOT NULL,
    question TEXT,
    outcome TEXT NOT NULL,
    took_us BIGINT NOT NULL,
    helpful BIGINT,
    model TEXT
);

CREATE INDEX asked_at ON asked (at_ms);

-- What its answer quoted, by the number in the answer.
CREATE TABLE cited (
    request TEXT NOT NULL,
    number BIGINT NOT NULL,
    document TEXT NOT NULL,
    section TEXT,
    page BIGINT,
    PRIMARY KEY (request, number)
);
