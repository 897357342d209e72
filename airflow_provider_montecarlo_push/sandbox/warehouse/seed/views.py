"""The views of the shop, each with the lineage of its columns."""

from __future__ import annotations

from airflow_provider_montecarlo_push.sandbox.warehouse.seed.model import View, lineage

STAGING = (
    View(
        """CREATE OR REPLACE VIEW ANALYTICS.STAGING.STG_CUSTOMERS (
    CUSTOMER_ID COMMENT 'Same as RAW.SHOP.CUSTOMERS.ID', EMAIL, FULL_NAME, COUNTRY, CITY, CREATED_AT
) COMMENT = 'Customers with their default address' AS
SELECT c.ID, LOWER(c.EMAIL), c.FIRST_NAME || ' ' || c.LAST_NAME, c.COUNTRY, a.CITY, c.CREATED_AT
FROM RAW.SHOP.CUSTOMERS AS c
LEFT JOIN RAW.SHOP.ADDRESSES AS a ON a.CUSTOMER_ID = c.ID AND a.IS_DEFAULT""",
        lineage(
            "ANALYTICS.STAGING.STG_CUSTOMERS",
            {"c": "RAW.SHOP.CUSTOMERS", "a": "RAW.SHOP.ADDRESSES"},
            {
                "CUSTOMER_ID": "c.ID",
                "EMAIL": "c.EMAIL",
                "FULL_NAME": "c.FIRST_NAME c.LAST_NAME",
                "COUNTRY": "c.COUNTRY",
                "CITY": "a.CITY",
                "CREATED_AT": "c.CREATED_AT",
            },
            "a.CUSTOMER_ID a.IS_DEFAULT",
        ),
    ),
    View(
        """CREATE OR REPLACE VIEW ANALYTICS.STAGING.STG_ORDERS COMMENT = 'Orders without the cancelled ones' AS
-- the shop never deletes an order, it cancels it
SELECT ID AS ORDER_ID, CUSTOMER_ID, STATUS, ORDERED_AT, COALESCE(SHIPPING_FEE, 0) AS SHIPPING_FEE, CHANNEL
FROM RAW.SHOP.ORDERS
WHERE STATUS <> 'cancelled'""",
        lineage(
            "ANALYTICS.STAGING.STG_ORDERS",
            {"o": "RAW.SHOP.ORDERS"},
            {
                "ORDER_ID": "o.ID",
                "CUSTOMER_ID": "o.CUSTOMER_ID",
                "STATUS": "o.STATUS",
                "ORDERED_AT": "o.ORDERED_AT",
                "SHIPPING_FEE": "o.SHIPPING_FEE",
                "CHANNEL": "o.CHANNEL",
            },
        ),
    ),
    View(
        """CREATE OR REPLACE VIEW ANALYTICS.STAGING.STG_ORDER_ITEMS AS
SELECT i.ORDER_ID, i.LINE_NO, p.SKU, p.NAME AS PRODUCT, c.NAME AS CATEGORY, i.QUANTITY,
    (i.QUANTITY * i.UNIT_PRICE)::NUMBER(14,2) AS REVENUE
FROM RAW.SHOP.ORDER_ITEMS i
JOIN RAW.SHOP.PRODUCTS p ON p.ID = i.PRODUCT_ID
LEFT JOIN RAW.SHOP.CATEGORIES c ON c.ID = p.CATEGORY_ID""",
        lineage(
            "ANALYTICS.STAGING.STG_ORDER_ITEMS",
            {"i": "RAW.SHOP.ORDER_ITEMS", "p": "RAW.SHOP.PRODUCTS", "c": "RAW.SHOP.CATEGORIES"},
            {
                "ORDER_ID": "i.ORDER_ID",
                "LINE_NO": "i.LINE_NO",
                "SKU": "p.SKU",
                "PRODUCT": "p.NAME",
                "CATEGORY": "c.NAME",
                "QUANTITY": "i.QUANTITY",
                "REVENUE": "i.QUANTITY i.UNIT_PRICE",
            },
            "i.PRODUCT_ID p.ID p.CATEGORY_ID c.ID",
        ),
    ),
    View(
        """CREATE OR REPLACE VIEW ANALYTICS.STAGING.STG_PAYMENTS AS
SELECT p.PAYMENT_ID, p.ORDER_ID, p.METHOD, (p.AMOUNT * r.TO_EUR)::NUMBER(14,2) AS AMOUNT_EUR, p.PAID_AT
FROM RAW.PAYMENTS.PAYMENTS p
JOIN RAW.PAYMENTS.EXCHANGE_RATES r
  ON r.CURRENCY = p.CURRENCY
 AND r.RATE_ON = (SELECT MAX(RATE_ON) FROM RAW.PAYMENTS.EXCHANGE_RATES)""",
        lineage(
            "ANALYTICS.STAGING.STG_PAYMENTS",
            {"p": "RAW.PAYMENTS.PAYMENTS", "r": "RAW.PAYMENTS.EXCHANGE_RATES"},
            {
                "PAYMENT_ID": "p.PAYMENT_ID",
                "ORDER_ID": "p.ORDER_ID",
                "METHOD": "p.METHOD",
                "AMOUNT_EUR": "p.AMOUNT r.TO_EUR",
                "PAID_AT": "p.PAID_AT",
            },
            "p.CURRENCY r.CURRENCY r.RATE_ON",
        ),
    ),
    View(
        """CREATE OR REPLACE VIEW ANALYTICS.STAGING.STG_REFUNDS AS
SELECT r.REFUND_ID, p.ORDER_ID, r.AMOUNT, r.REASON, r.REFUNDED_AT
FROM RAW.PAYMENTS.REFUNDS r JOIN RAW.PAYMENTS.PAYMENTS p USING (PAYMENT_ID)""",
        lineage(
            "ANALYTICS.STAGING.STG_REFUNDS",
            {"r": "RAW.PAYMENTS.REFUNDS", "p": "RAW.PAYMENTS.PAYMENTS"},
            {
                "REFUND_ID": "r.REFUND_ID",
                "ORDER_ID": "p.ORDER_ID",
                "AMOUNT": "r.AMOUNT",
                "REASON": "r.REASON",
                "REFUNDED_AT": "r.REFUNDED_AT",
            },
            "r.PAYMENT_ID p.PAYMENT_ID",
        ),
    ),
)

MARTS = (
    View(
        """CREATE OR REPLACE VIEW ANALYTICS.MARTS.REVENUE_BY_COUNTRY AS
SELECT c.COUNTRY, COUNT(*) AS ORDERS, SUM(o.GROSS_EUR)::NUMBER(16,2) AS REVENUE
FROM ANALYTICS.MARTS.FCT_ORDERS o JOIN ANALYTICS.MARTS.DIM_CUSTOMER c ON c.CUSTOMER_ID = o.CUSTOMER_ID
GROUP BY c.COUNTRY""",
        lineage(
            "ANALYTICS.MARTS.REVENUE_BY_COUNTRY",
            {"o": "ANALYTICS.MARTS.FCT_ORDERS", "c": "ANALYTICS.MARTS.DIM_CUSTOMER"},
            {"COUNTRY": "c.COUNTRY", "ORDERS": "", "REVENUE": "o.GROSS_EUR"},
            "c.CUSTOMER_ID o.CUSTOMER_ID",
        ),
    ),
    View(
        # a view over a view, with names left to the view's own schema
        """CREATE OR REPLACE VIEW ANALYTICS.MARTS.TOP_COUNTRIES COMMENT = 'Countries with more than 1000 EUR' AS
SELECT COUNTRY, REVENUE FROM REVENUE_BY_COUNTRY WHERE REVENUE > 1000""",
        lineage(
            "ANALYTICS.MARTS.TOP_COUNTRIES",
            {"r": "ANALYTICS.MARTS.REVENUE_BY_COUNTRY"},
            {"COUNTRY": "r.COUNTRY", "REVENUE": "r.REVENUE"},
        ),
    ),
    View(
        """CREATE OR REPLACE SECURE VIEW ANALYTICS.MARTS.OPEN_TICKETS AS
WITH waiting AS (
    SELECT TICKET_ID, MAX(SENT_AT) AS LAST_MESSAGE_AT FROM RAW.CRM.TICKET_MESSAGES WHERE FROM_CUSTOMER GROUP BY 1
)
SELECT t.ID AS TICKET_ID, t.SUBJECT, t.PRIORITY, c.EMAIL, w.LAST_MESSAGE_AT
FROM RAW.CRM.TICKETS t
JOIN ANALYTICS.STAGING.STG_CUSTOMERS c ON c.CUSTOMER_ID = t.CUSTOMER_ID
LEFT JOIN waiting w ON w.TICKET_ID = t.ID
WHERE t.CLOSED_AT IS NULL""",
        lineage(
            "ANALYTICS.MARTS.OPEN_TICKETS",
            {"t": "RAW.CRM.TICKETS", "c": "ANALYTICS.STAGING.STG_CUSTOMERS", "w": "RAW.CRM.TICKET_MESSAGES"},
            {
                "TICKET_ID": "t.ID",
                "SUBJECT": "t.SUBJECT",
                "PRIORITY": "t.PRIORITY",
                "EMAIL": "c.EMAIL",
                "LAST_MESSAGE_AT": "w.SENT_AT",
            },
            "t.CUSTOMER_ID c.CUSTOMER_ID w.TICKET_ID w.FROM_CUSTOMER t.CLOSED_AT",
        ),
    ),
    View(
        """CREATE OR REPLACE VIEW ANALYTICS.MARTS.STOCK_ALERTS AS
SELECT p.SKU, p.NAME, s.WAREHOUSE_CODE, s.QUANTITY
FROM RAW.SHOP.STOCK_LEVELS s JOIN RAW.SHOP.PRODUCTS p ON p.ID = s.PRODUCT_ID
WHERE s.QUANTITY < 10 AND NOT p.DISCONTINUED""",
        lineage(
            "ANALYTICS.MARTS.STOCK_ALERTS",
            {"s": "RAW.SHOP.STOCK_LEVELS", "p": "RAW.SHOP.PRODUCTS"},
            {"SKU": "p.SKU", "NAME": "p.NAME", "WAREHOUSE_CODE": "s.WAREHOUSE_CODE", "QUANTITY": "s.QUANTITY"},
            "s.PRODUCT_ID p.ID p.DISCONTINUED",
        ),
    ),
    View(
        """CREATE OR REPLACE MATERIALIZED VIEW ANALYTICS.MARTS.MV_ITEMS_BY_SKU AS
SELECT SKU, SUM(QUANTITY)::NUMBER(12,0) AS SOLD FROM ANALYTICS.MARTS.FCT_ORDER_ITEMS GROUP BY SKU""",
        lineage(
            "ANALYTICS.MARTS.MV_ITEMS_BY_SKU",
            {"i": "ANALYTICS.MARTS.FCT_ORDER_ITEMS"},
            {"SKU": "i.SKU", "SOLD": "i.QUANTITY"},
        ),
    ),
    View(
        """CREATE OR REPLACE VIEW ANALYTICS.FINANCE.VAT_BY_COUNTRY AS
SELECT COUNTRY, (REVENUE * 0.19)::NUMBER(16,2) AS VAT FROM ANALYTICS.MARTS.REVENUE_BY_COUNTRY
UNION ALL
SELECT 'all', SUM(REVENUE * 0.19)::NUMBER(16,2) FROM ANALYTICS.MARTS.REVENUE_BY_COUNTRY""",
        lineage(
            "ANALYTICS.FINANCE.VAT_BY_COUNTRY",
            {"r": "ANALYTICS.MARTS.REVENUE_BY_COUNTRY"},
            {"COUNTRY": "r.COUNTRY", "VAT": "r.REVENUE"},
        ),
    ),
)

MARKETING = (
    View(
        """CREATE OR REPLACE VIEW "Marketing Data"."campaigns"."audience" COMMENT = 'Who got which newsletter' AS
SELECT s."campaign", c.EMAIL AS "e-mail", s."sent at"
FROM "Marketing Data"."campaigns"."sends" s
JOIN ANALYTICS.STAGING.STG_CUSTOMERS c ON c.CUSTOMER_ID = s."Customer Id\"""",
        lineage(
            '"Marketing Data"."campaigns"."audience"',
            {"s": '"Marketing Data"."campaigns"."sends"', "c": "ANALYTICS.STAGING.STG_CUSTOMERS"},
            {"campaign": "s.campaign", "e-mail": "c.EMAIL", "sent at": "s.sent at|"},
            "s.Customer Id|c.CUSTOMER_ID",
        ),
    ),
)

ALL = STAGING + MARTS + MARKETING
