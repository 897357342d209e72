CREATE DATABASE "Marketing Data" COMMENT = 'Made by hand in the web UI, hence the names';
CREATE SCHEMA "Marketing Data"."campaigns";
CREATE SCHEMA "Marketing Data"."weird.schema" COMMENT = 'A dot in the name';

CREATE TABLE "Marketing Data"."campaigns"."sends" (
    "campaign" VARCHAR(100),
    "Customer Id" NUMBER(38,0),
    "sent at" TIMESTAMP_NTZ(9) COMMENT 'A space in a column''s name'
) COMMENT = 'Newsletters sent';

CREATE TABLE "Marketing Data"."campaigns"."clicks" (
    "campaign" VARCHAR(100), "Customer Id" NUMBER(38,0), "page" VARCHAR(2000), "at" TIMESTAMP_LTZ(9)
);

CREATE TABLE "Marketing Data"."weird.schema"."table.with.dots" ("a.b" NUMBER(38,0), "c" VARCHAR(10));
CREATE TABLE "Marketing Data"."weird.schema"."O'Reilly ""Special""" ("it's" VARCHAR(50), "say ""hi""" NUMBER(10,2)) COMMENT = 'Both kinds of quotes';
CREATE TABLE "Marketing Data"."weird.schema"."顧客" ("名前" VARCHAR(100) COMMENT 'お名前', "年齢" NUMBER(3,0));
CREATE TABLE "Marketing Data"."weird.schema"."select" ("from" NUMBER(38,0), "where" VARCHAR(10)) COMMENT = 'Reserved words';

CREATE TABLE "Marketing Data".PUBLIC.SEGMENTS (SEGMENT_ID NUMBER(38,0), NAME VARCHAR(100), RULE VARIANT);

INSERT INTO "Marketing Data"."campaigns"."sends"
SELECT 'c' || MOD(SEQ4(), 6), MOD(SEQ4() * 11, 300) + 1, DATEADD(MINUTE, -SEQ4(), CURRENT_TIMESTAMP())::TIMESTAMP_NTZ
FROM TABLE(GENERATOR(ROWCOUNT => 500));

INSERT INTO "Marketing Data"."weird.schema"."table.with.dots" VALUES (1, 'x'), (2, 'y');
INSERT INTO "Marketing Data"."weird.schema"."O'Reilly ""Special""" VALUES ('it''s "special"', 19.95);
INSERT INTO "Marketing Data"."weird.schema"."顧客" VALUES ('さくら', 31), ('Jürgen', 44);
INSERT INTO "Marketing Data"."weird.schema"."select" VALUES (1, 'group'), (2, 'order');
INSERT INTO "Marketing Data".PUBLIC.SEGMENTS (SEGMENT_ID, NAME) VALUES (1, 'big spenders'), (2, 'sleepers'), (3, 'new');
