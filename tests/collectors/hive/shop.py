"""Statements that make the shop: by Hive, then by Spark on the same metastore."""

from __future__ import annotations

BY_HIVE = (
    "CREATE DATABASE shop COMMENT 'all of it'",
    "CREATE DATABASE mart",
    """CREATE TABLE shop.orders (id bigint COMMENT 'the key', total decimal(12,2),
       detail struct<a:int,list:array<string>,odd:map<string,double>>, code char(3), at timestamp)
       COMMENT 'One row per order; it\\'s \"all\" of them\\nünïcode'
       PARTITIONED BY (day string COMMENT 'of the order', hr int)""",
    "CREATE TABLE shop.loaded (line string)",
    "LOAD DATA LOCAL INPATH 'FOLDER/lines' INTO TABLE shop.loaded",
    """INSERT INTO shop.orders PARTITION (day, hr)
       SELECT 1, 2.5, named_struct('a', 1, 'list', array('x'), 'odd', map('k', 0.5D)), 'abc', current_timestamp,
         substr(line, 1, 1), if(line = 'two', 2, 1)
       FROM shop.loaded""",
    "CREATE TABLE shop.mixed (id int) PARTITIONED BY (day string)",
    "INSERT INTO shop.mixed PARTITION (day = 'a') VALUES (1), (2)",
    "LOAD DATA LOCAL INPATH 'FOLDER/lines' INTO TABLE shop.mixed PARTITION (day = 'b')",
    "CREATE TABLE shop.no_partitions (id int) PARTITIONED BY (day string)",
    "CREATE TABLE shop.empty (id int COMMENT 'tab\\there, back\\\\slash')",
    "CREATE EXTERNAL TABLE shop.ext (id int) LOCATION 'FOLDER/ext'",
    "CREATE TABLE shop.altered AS SELECT 7 AS id FROM shop.loaded",
    "ALTER TABLE shop.altered SET TBLPROPERTIES ('owner' = 'me')",
    "CREATE TABLE shop.iceberg (id int)",
    """ALTER TABLE shop.iceberg SET TBLPROPERTIES ('table_type' = 'ICEBERG', 'numRows' = '12', 'totalSize' = '3400',
       'current-snapshot-timestamp-ms' = '1767225600123', 'COLUMN_STATS_ACCURATE' = '{}')""",
    """CREATE VIEW mart.revenue COMMENT 'by day' AS
SELECT day, sum(total) AS revenue -- in euros
FROM shop.orders o
GROUP BY day""",
    "CREATE VIEW mart.renamed (one COMMENT 'first', two) AS SELECT day, revenue FROM mart.revenue",
    "CREATE VIEW mart.everything AS SELECT * FROM shop.orders",
)
BY_SPARK = (
    """CREATE TABLE shop.events (Kind string COMMENT 'which one', n int, Day date) USING parquet
       PARTITIONED BY (Day) COMMENT 'by Spark'""",
    "INSERT INTO shop.events VALUES ('a', 1, DATE '2026-01-01'), ('b', 2, DATE '2026-01-02')",
    "ANALYZE TABLE shop.events COMPUTE STATISTICS",
    """CREATE TABLE shop.clicks (Id bigint, v varchar(10), Nested struct<X:int,Y:array<map<string,decimal(5,1)>>>)
       USING json""",
    "INSERT INTO shop.clicks VALUES (1, 'x', NULL)",
    "CREATE VIEW mart.constant AS SELECT 1 AS one",
    "USE shop",
    # Its text does not say in which database orders is: that is in a property of the view.
    "CREATE VIEW mart.by_spark (number COMMENT 'of it', d) AS SELECT id, day FROM orders",
)
