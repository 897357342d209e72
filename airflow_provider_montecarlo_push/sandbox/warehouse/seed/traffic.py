"""What people and tools ask the warehouse: reports, explorations, housekeeping, and everything that goes wrong."""

from __future__ import annotations

from airflow_provider_montecarlo_push.sandbox.warehouse.seed.model import Actor, Step, lineage

LOADER = Actor("LOADER", "LOADER", "LOAD_WH", "X-Small", "RAW", "SHOP")
DBT = Actor(
    "TRANSFORMER",
    "TRANSFORMER",
    "TRANSFORM_WH",
    "Medium",
    "ANALYTICS",
    "MARTS",
    '{"app": "dbt", "project_name": "shop", "target_name": "prod"}',
)
ANNA = Actor("ANNA@EXAMPLE.COM", "ANALYST", "REPORT_WH", "X-Small", "ANALYTICS", "MARTS")
BEN = Actor("BEN", "MARKETING", "REPORT_WH", "X-Small", "Marketing Data", "campaigns")
TABLEAU = Actor(
    "SVC_TABLEAU", "REPORTER", "REPORT_WH", "X-Small", "ANALYTICS", "MARTS", "tableau;workbook=Umsatz (täglich)"
)
ADMIN = Actor("ADMIN", "SYSADMIN", "ADMIN_WH", "X-Small", "SCRATCH", "PUBLIC")

LONGEST_TEXT = 100_000
"""Snowflake keeps this many characters of a statement's text."""

_ORDERS = {"o": "ANALYTICS.MARTS.FCT_ORDERS"}
_BY_COUNTRY = {"r": "ANALYTICS.MARTS.REVENUE_BY_COUNTRY"}


def _read(sql: str, sources: dict[str, str], columns: str) -> Step:
    return Step(sql, lineage(None, sources, {}, columns))


REPORTS: tuple[tuple[Actor, Step], ...] = (
    (
        TABLEAU,
        _read(
            "SELECT DAY, REVENUE FROM DAILY_REVENUE ORDER BY DAY",
            {"d": "ANALYTICS.MARTS.DAILY_REVENUE"},
            "d.DAY d.REVENUE",
        ),
    ),
    (TABLEAU, _read("SELECT * FROM TOP_COUNTRIES", {"t": "ANALYTICS.MARTS.TOP_COUNTRIES"}, "t.COUNTRY t.REVENUE")),
    (
        ANNA,
        _read(
            "SELECT COUNT(*) FROM FCT_ORDERS WHERE ORDERED_AT > DATEADD(DAY, -7, CURRENT_TIMESTAMP())",
            _ORDERS,
            "o.ORDERED_AT",
        ),
    ),
    (ANNA, Step("SELECT * FROM FCT_ORDER LIMIT 10")),
    (
        ANNA,
        _read(
            """WITH best AS (
    SELECT CUSTOMER_ID, SUM(GROSS_EUR) AS REVENUE FROM FCT_ORDERS GROUP BY CUSTOMER_ID
)
SELECT c.FULL_NAME, best.REVENUE
FROM best JOIN DIM_CUSTOMER c USING (CUSTOMER_ID)
ORDER BY best.REVENUE DESC
LIMIT 20""",
            {**_ORDERS, "c": "ANALYTICS.MARTS.DIM_CUSTOMER"},
            "o.CUSTOMER_ID o.GROSS_EUR c.FULL_NAME c.CUSTOMER_ID",
        ),
    ),
    (
        BEN,
        _read(
            'SELECT "campaign", COUNT(*) AS "Klicks" FROM "clicks" GROUP BY 1 ORDER BY 2 DESC',
            {"k": '"Marketing Data"."campaigns"."clicks"'},
            "k.campaign",
        ),
    ),
    (BEN, Step("SELECT * FROM clicks")),
    (
        ANNA,
        _read(
            "SELECT STATUS, COUNT(*) FROM ANALYTICS.STAGING.STG_ORDERS GROUP BY STATUS",
            {"o": "ANALYTICS.STAGING.STG_ORDERS"},
            "o.STATUS",
        ),
    ),
    (ANNA, Step("SELECT REVENUE / (SELECT COUNT(*) FROM RAW.SHOP.CARTS) AS PER_CART FROM DAILY_REVENUE")),
    (
        TABLEAU,
        _read(
            "SELECT COUNTRY, ORDERS, REVENUE FROM REVENUE_BY_COUNTRY WHERE REVENUE > 0 ORDER BY REVENUE DESC",
            _BY_COUNTRY,
            "r.COUNTRY r.ORDERS r.REVENUE",
        ),
    ),
    (
        BEN,
        _read(
            """SELECT s."campaign",
    COUNT(DISTINCT s."Customer Id") AS "gesendet",
    COUNT(DISTINCT k."Customer Id") AS "geklickt"
FROM "sends" s
LEFT JOIN "clicks" k  -- 'Öffnungen' zählen wir nicht
    ON k."campaign" = s."campaign" AND k."Customer Id" = s."Customer Id"
GROUP BY 1""",
            {"s": '"Marketing Data"."campaigns"."sends"', "k": '"Marketing Data"."campaigns"."clicks"'},
            "s.campaign|s.Customer Id|k.campaign|k.Customer Id",
        ),
    ),
    (ANNA, Step("SELECT FROM FCT_ORDERS WHERE STATUS = 'paid'")),
    (
        ANNA,
        _read(
            """SELECT 'open' AS STATE, COUNT(*) AS N FROM OPEN_TICKETS
UNION ALL
SELECT 'all', COUNT(*) FROM RAW.CRM.TICKETS""",
            {"v": "ANALYTICS.MARTS.OPEN_TICKETS", "t": "RAW.CRM.TICKETS"},
            "v.TICKET_ID t.ID",
        ),
    ),
    (ANNA, Step("SELECT SALARY FROM DIM_CUSTOMER")),
    (
        BEN,
        _read(
            'SELECT "Artikel", "Größe" FROM "weird.schema"."Größe & Maß" WHERE "Größe" > 2',
            {"g": '"Marketing Data"."weird.schema"."Größe & Maß"'},
            "g.Artikel g.Größe",
        ),
    ),
    (
        ANNA,
        _read(
            """SELECT p.NAME, s.QUANTITY
FROM RAW.SHOP.PRODUCTS AS p
JOIN RAW.SHOP.STOCK_LEVELS AS s ON s.PRODUCT_ID = p.ID
WHERE p.ID IN (SELECT PRODUCT_ID FROM RAW.SHOP.ORDER_ITEMS WHERE QUANTITY > 3)""",
            {"p": "RAW.SHOP.PRODUCTS", "s": "RAW.SHOP.STOCK_LEVELS", "i": "RAW.SHOP.ORDER_ITEMS"},
            "p.NAME p.ID s.QUANTITY s.PRODUCT_ID i.PRODUCT_ID i.QUANTITY",
        ),
    ),
    (ANNA, Step("SELECT TO_NUMBER(COALESCE(COUPON, 'none')) FROM RAW.SHOP.ORDERS")),
    (
        ANNA,
        _read(
            "SELECT NAME FROM RAW.SHOP.CATEGORIES WHERE NAME LIKE '12\" %' OR NAME ILIKE 'children''s%'",
            {"c": "RAW.SHOP.CATEGORIES"},
            "c.NAME",
        ),
    ),
    (TABLEAU, Step("SELECT * FROM FINANCE.PAYROLL")),
    (
        ANNA,
        _read(
            """SELECT CUSTOMER_ID, ORDER_ID, GROSS_EUR
FROM FCT_ORDERS
QUALIFY ROW_NUMBER() OVER (PARTITION BY CUSTOMER_ID ORDER BY ORDERED_AT DESC) = 1""",
            _ORDERS,
            "o.CUSTOMER_ID o.ORDER_ID o.GROSS_EUR o.ORDERED_AT",
        ),
    ),
    (
        BEN,
        _read(
            'SELECT "名前" FROM "weird.schema"."顧客" WHERE "年齢" < 40',
            {"k": '"Marketing Data"."weird.schema"."顧客"'},
            "k.名前 k.年齢",
        ),
    ),
    (BEN, Step("SELECT * FROM NO_SUCH_DATABASE.PUBLIC.T")),
    (
        ANNA,
        _read(
            "SELECT PAYLOAD:page::VARCHAR AS PAGE, COUNT(*) FROM RAW.SHOP.EVENTS GROUP BY 1 ORDER BY 2 DESC LIMIT 5",
            {"e": "RAW.SHOP.EVENTS"},
            "e.PAYLOAD",
        ),
    ),
)

HOUSEKEEPING: tuple[Step, ...] = (
    Step("USE ROLE SYSADMIN"),
    Step("SHOW DATABASES"),
    Step("CREATE TABLE TMP_CHECK (A NUMBER(38,0), B VARCHAR(10))"),
    Step(
        "INSERT INTO TMP_CHECK VALUES (1, 'x'), (2, 'y')", lineage("SCRATCH.PUBLIC.TMP_CHECK", {}, {"A": "", "B": ""})
    ),
    Step("ALTER TABLE TMP_CHECK ADD COLUMN C DATE"),
    Step("CREATE TABLE TMP_CHECK (A NUMBER(38,0))"),
    Step("DROP TABLE TMP_CHECK"),
    Step("DROP TABLE TMP_CHECK"),
    Step("COMMENT ON TABLE PLAYGROUND IS 'Emptied on Sundays'"),
    Step("SELEC 1"),
)


def very_long() -> Step:
    """Return a query longer than Snowflake keeps: a thousand keys pasted from a spreadsheet."""
    keys = ",\n    ".join(f"'Straße {number:04d} {'ß' * 110}'" for number in range(1_000))
    return Step(
        f"SELECT CUSTOMER_ID, CITY FROM RAW.SHOP.ADDRESSES WHERE STREET IN (\n    {keys})",  # noqa: S608 - constants
        lineage(None, {"a": "RAW.SHOP.ADDRESSES"}, {}, "a.CUSTOMER_ID a.CITY a.STREET"),
    )
