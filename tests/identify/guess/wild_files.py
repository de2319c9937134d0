"""Sixty layouts as systems write them: shops, tills, ledgers, banks and spreadsheets, headings in many languages."""

import json
import sqlite3
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from tests.identify.guess.wild_shop import (
    Line,
    Wild,
    amount,
    completed,
    first,
    first_total,
    fixed,
    lines,
    number,
    on,
    price,
    total,
)  # fmt: skip

STATES = {"completed": 0, "cancelled": 1, "refunded": 2}


def states(*words: str):
    """The status of a line in the words of a system: completed, cancelled, refunded."""
    return lambda line: words[STATES[line.status]]


def customer(form: str):
    return lambda line: form.format(line.customer)


def order(form: str):
    return lambda line: form.format(line.order)


plain = number(amount, ".", "")
plain_price = number(price, ".", "")
comma = number(amount, ",", "")
comma_price = number(price, ",", "")
german = number(amount)
german_price = number(price)


def quantity(line: Line) -> int:
    return line.quantity


def sku(line: Line) -> str:
    return line.sku


def title(line: Line) -> str:
    return line.title


def email(line: Line) -> str:
    return line.email


def person(line: Line) -> str:
    return line.person


def uci_order(line: Line) -> str:
    return f"C{536000 + line.order}" if line.quantity < 0 else f"{536000 + line.order}"


def uci_customer(line: Line) -> str:
    return "" if line.order % 5 == 3 else str(12346 + line.customer)


def uci_product(line: Line) -> str:
    return "POST" if line.product == 8 else f"{22720 + line.product}{'B' if line.product % 3 == 0 else ''}"


def is_known(line: Line) -> bool:
    return line.order % 5 != 3


def jsonl(wild: Wild, path: Path) -> None:
    names = list(wild.columns)
    rows = (dict(zip(names, row, strict=True)) for row in wild.rows())
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def sqlite(wild: Wild, path: Path) -> None:
    with sqlite3.connect(path) as connection:
        named = ", ".join(f'"{name}"' for name in wild.columns)
        connection.execute(f"create table order_items ({named})")
        connection.execute("create table countries (code, name)")
        connection.execute("insert into countries values ('DE', 'Germany')")
        marks = ", ".join("?" * len(wild.columns))
        connection.executemany(f"insert into order_items values ({marks})", wild.rows())
    connection.close()


def parquet(wild: Wild, path: Path) -> None:
    import pandas as pd

    pd.DataFrame(wild.rows(), columns=list(wild.columns)).to_parquet(path)


def excel(*sheets: str, above: tuple[tuple[str, ...], ...] = (), below: tuple[tuple[object, ...], ...] = ()):
    """Write a workbook, the lines on its first sheet."""

    def write(wild: Wild, path: Path) -> None:
        import openpyxl

        book = openpyxl.Workbook()
        sheet = book.active
        sheet.title = sheets[0]
        for row in [*above, list(wild.columns), *wild.rows(), *below]:
            sheet.append(row)
        for name in sheets[1:]:
            book.create_sheet(name).append(["Notes", "made for the board"])
        book.save(path)

    return write


def padded(wild: Wild, path: Path) -> None:
    """Write columns parted by blanks, without a header, as the data sets of textbooks."""
    rows = [" ".join(f"{cell:>8}" for cell in row) for row in wild.rows()]
    path.write_text("\n".join(rows) + "\n", encoding="ascii")


def sap(wild: Wild, path: Path) -> None:
    """Write the list of a SAP report: lines between bars, rules of dashes, a title."""
    table = [list(wild.columns), *[[str(cell) for cell in row] for row in wild.rows()]]
    widths = [max(len(row[n]) for row in table) for n in range(len(table[0]))]
    written = ["|" + "|".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + "|" for row in table]
    rule = "-" * len(written[0])
    text = "\r\n".join(["01.06.2025   Dynamic List Display   1", "", rule, written[0], rule, *written[1:], rule, ""])
    path.write_bytes(text.encode(wild.encoding))


def shopify_money(line: Line) -> str:
    return f"{line.total:.2f}"


SHOPIFY = {
    "Name": order("#{}"), "Email": email, "Financial Status": first(states("paid", "voided", "refunded")),
    "Paid at": first(on("%Y-%m-%d %H:%M:%S +0200")), "Fulfillment Status": first(fixed("fulfilled")),
    "Fulfilled at": first(on("%Y-%m-%d %H:%M:%S +0200")), "Accepts Marketing": first(fixed("no")),
    "Currency": first(fixed("EUR")), "Subtotal": first(shopify_money), "Shipping": first(fixed("0.00")),
    "Taxes": first(lambda line: f"{float(line.total) * 0.19 / 1.19:.2f}"), "Total": first(shopify_money),
    "Discount Code": fixed(""), "Discount Amount": first(fixed("0.00")), "Shipping Method": first(fixed("Standard")),
    "Created at": on("%Y-%m-%d %H:%M:%S +0200"), "Lineitem quantity": quantity, "Lineitem name": title,
    "Lineitem price": plain_price, "Lineitem compare at price": fixed(""), "Lineitem sku": sku,
    "Lineitem requires shipping": fixed("true"), "Lineitem taxable": fixed("true"),
    "Lineitem fulfillment status": fixed("fulfilled"), "Billing Name": first(person),
    "Billing Zip": first(customer("'1{:04}")), "Billing Country": first(fixed("DE")), "Notes": fixed(""),
    "Cancelled at": fixed(""), "Payment Method": first(fixed("Shopify Payments")),
    "Refunded Amount": first(fixed("0.00")), "Vendor": fixed("Tea & Co"),
    "Id": first(order("55810000{:05}")), "Risk Level": first(fixed("Low")), "Source": first(fixed("web")),
}  # fmt: skip
WOO = {
    "Order Number": order("{}"), "Order Status": states("Completed", "Cancelled", "Refunded"),
    "Order Date": on("%Y-%m-%d %H:%M"), "Customer Note": fixed(""),
    "First Name (Billing)": lambda line: line.person.split()[0], "Last Name (Billing)": lambda line: line.person.split()[1],
    "Email (Billing)": email, "Phone (Billing)": customer("+49 30 55{:04}"), "Payment Method Title": fixed("PayPal"),
    "Cart Discount Amount": fixed("0"), "Order Subtotal Amount": number(total, ".", ""),
    "Shipping Method Title": fixed("Flat rate"), "Order Shipping Amount": fixed("0"), "Order Refund Amount": fixed("0"),
    "Order Total Amount": number(total, ".", ""), "Order Total Tax Amount": fixed("0"), "SKU": sku,
    "Item #": lambda line: line.place + 1, "Item Name": title, "Quantity": quantity, "Item Cost": plain_price,
    "Coupon Code": fixed(""), "Discount Amount": fixed("0"),
}  # fmt: skip
STRIPE = {
    "id": order("ch_3P{:06}x"), "Created date (UTC)": on("%Y-%m-%d %H:%M:%S"), "Amount": number(total, ".", ""),
    "Amount Refunded": lambda line: f"{line.total:.2f}" if line.status == "refunded" else "0.00",
    "Currency": fixed("usd"), "Captured": states("true", "false", "true"),
    "Converted Amount": number(total, ".", ""), "Converted Currency": fixed("usd"), "Decline Reason": fixed(""),
    "Description": order("Order {}"), "Fee": lambda line: f"{float(line.total) * 0.029 + 0.3:.2f}",
    "Statement Descriptor": fixed("TEA CO"), "Status": states("Paid", "Failed", "Refunded"), "Card ID": customer("card_{:03}"),
    "Customer ID": customer("cus_N{:04}"), "Customer Description": person, "Customer Email": email,
    "Invoice ID": fixed(""),
}  # fmt: skip
SINGLE = lines(returns=False, single=True)
UNRETURNED = lines(returns=False)

WILD = (
    Wild("uci_online_retail", {
        "InvoiceNo": uci_order, "StockCode": uci_product, "Description": lambda line: line.title.upper(),
        "Quantity": quantity, "InvoiceDate": on("%-m/%-d/%Y %-H:%M"), "UnitPrice": lambda line: str(line.price),
        "CustomerID": uci_customer, "Country": fixed("United Kingdom")},
        {"customer_id": "CustomerID", "timestamp": "InvoiceDate", "order_id": "InvoiceNo", "quantity": "Quantity",
         "unit_price": "UnitPrice", "product": ("StockCode", "Description")},
        {"date_format": "%m/%d/%Y %H:%M", "cancel_prefix": "C"}, counts=is_known, file="Online Retail.csv"),
    Wild("cdnow_textbook", {
        "a": customer("{:05}"), "b": on("%Y%m%d"), "c": quantity, "d": lambda line: f"{line.amount:.2f}"},
        {"customer_id": "1", "timestamp": "2", "quantity": "3", "amount": "4"},
        {"date_format": "%Y%m%d", "delimiter": "whitespace"}, writer=padded, file="CDNOW_master.txt", lines=UNRETURNED),
    Wild("shopify", SHOPIFY, {
        "customer_id": "Email", "timestamp": ("Created at", "Paid at"), "amount": ("Total", "Subtotal"), "order_id": "Name",
        "status": "Financial Status"}, {"order_totals": "first_line", "count": {"paid"}},
        money=first_total, counts=completed, lines=UNRETURNED, file="orders_export_1.csv", currency="EUR"),
    Wild("woocommerce_lines", WOO, {
        "customer_id": "Email (Billing)", "timestamp": "Order Date", "order_id": "Order Number", "status": "Order Status"},
        {"count": {"Completed"}}, money=first_total, counts=completed, lines=UNRETURNED),
    Wild("woocommerce_analytics", {
        "Date": on("%Y-%m-%d %H:%M:%S"), "Order #": order("{}"), "N. Revenue (formatted)": number(total, ".", ",", before="€"),
        "Status": states("completed", "cancelled", "refunded"), "Customer": person, "Customer type": fixed("returning"),
        "Product(s)": lambda line: f"1× {line.title}", "Items sold": fixed(1), "Coupon(s)": fixed(""),
        "N. Revenue": number(total, ".", "")},
        {"customer_id": "Customer", "timestamp": "Date", "amount": ("N. Revenue", "N. Revenue (formatted)"),
         "order_id": "Order #", "status": "Status"}, {"count": {"completed"}}, counts=completed, lines=SINGLE),
    Wild("stripe_payments", STRIPE, {
        "customer_id": "Customer ID", "timestamp": "Created date (UTC)", "amount": ("Amount", "Converted Amount"),
        "status": ("Status", "Captured")}, {"count": {"Paid"}}, counts=completed, lines=SINGLE, money=total, currency="USD",
        file="unified_payments.csv"),
    Wild("sap_list", {
        "Sold-to": customer("{:010}"), "Bill.Doc.": order("90{:06}"), "Bill.Date": on("%d.%m.%Y"), "Material": sku,
        "Billed Qty": lambda line: f"{abs(line.quantity)}{'-' if line.quantity < 0 else ''}",
        "Net value": number(amount, ",", ".", minus="after"), "Curr.": fixed("EUR")},
        {"customer_id": "Sold-to", "timestamp": "Bill.Date", "order_id": "Bill.Doc.", "amount": "Net value"},
        {"decimal": ",", "date_format": "%d.%m.%Y"}, writer=sap, file="VF05N.txt", currency="EUR"),
    Wild("sap_semicolon_de", {
        "Auftraggeber": customer("{:010}"), "Fakturanr.": order("90{:06}"), "Fakturadatum": on("%d.%m.%Y"), "Material": sku,
        "Bezeichnung": title, "Fakt. Menge": lambda line: f"{abs(line.quantity)}{'-' if line.quantity < 0 else ''}",
        "Nettowert": number(amount, ",", ".", minus="after"), "Währg": fixed("EUR")},
        {"customer_id": "Auftraggeber", "timestamp": "Fakturadatum", "order_id": "Fakturanr.", "amount": "Nettowert"},
        {"decimal": ",", "thousands": ".", "date_format": "%d.%m.%Y"}, delimiter=";", encoding="cp1252", currency="EUR"),
    Wild("sap_extract_en", {
        "KUNNR": customer("{:010}"), "VBELN": order("90{:06}"), "FKDAT": on("%Y%m%d"), "MATNR": sku,
        "FKIMG": quantity, "NETWR": number(amount, ".", "", minus="after"), "WAERK": fixed("EUR")},
        {"customer_id": "KUNNR", "timestamp": "FKDAT", "order_id": "VBELN", "amount": "NETWR"},
        {"date_format": "%Y%m%d"}, delimiter="|", currency="EUR"),
    Wild("magento_grid", {
        "ID": order("{:09}"), "Purchase Point": fixed("Main Website"), "Purchase Date": on("%b %-d, %Y %-I:%M:%S %p"),
        "Bill-to Name": person, "Ship-to Name": person, "Grand Total (Base)": number(total, ".", ",", before="$"),
        "Grand Total (Purchased)": number(total, ".", ",", before="$"), "Status": states("Complete", "Canceled", "Closed"),
        "Shipping Information": fixed("Flat Rate - Fixed"), "Customer Email": email, "Customer Group": fixed("General"),
        "Subtotal": number(total, ".", ",", before="$"), "Shipping and Handling": fixed("$0.00"), "Customer Name": person,
        "Payment Method": fixed("checkmo"), "Total Refunded": fixed("$0.00")},
        {"customer_id": "Customer Email", "timestamp": "Purchase Date", "order_id": "ID", "status": "Status",
         "amount": ("Grand Total (Base)", "Grand Total (Purchased)", "Subtotal")},
        {"date_format": "%b %d, %Y %I:%M:%S %p", "thousands": ",", "count": {"Complete"}}, quote=1, counts=completed,
        lines=SINGLE, currency="USD"),
    Wild("amazon_all_orders", {
        "amazon-order-id": order("302-{:07}-1"), "merchant-order-id": order("302-{:07}-1"),
        "purchase-date": on("%Y-%m-%dT%H:%M:%S+00:00"), "last-updated-date": on("%Y-%m-%dT%H:%M:%S+00:00"),
        "order-status": states("Shipped", "Cancelled", "Cancelled"), "fulfillment-channel": fixed("Amazon"),
        "sales-channel": fixed("Amazon.de"), "buyer-email": customer("x{:05}@marketplace.amazon.test"),
        "product-name": title, "sku": sku, "asin": lambda line: f"B00{line.product:07}", "item-status": fixed("Shipped"),
        "quantity": quantity, "currency": fixed("EUR"), "item-price": plain, "item-tax": fixed("0.0"),
        "shipping-price": fixed("0.0"), "ship-city": fixed("Ulm"), "ship-country": fixed("DE")},
        {"customer_id": "buyer-email", "timestamp": "purchase-date", "amount": "item-price", "order_id": "amazon-order-id",
         "quantity": "quantity", "status": "order-status"}, {"count": {"Shipped"}}, delimiter="\t", file="orders.txt",
        counts=completed, lines=UNRETURNED, currency="EUR"),
    Wild("square_items", {
        "Date": on("%m/%d/%y"), "Time": on("%H:%M:%S"), "Time Zone": fixed("Eastern Time (US & Canada)"),
        "Category": fixed("Drinks"), "Item": title, "Qty": lambda line: f"{line.quantity}.0", "Price Point Name": fixed("Regular"),
        "SKU": sku, "Modifiers Applied": fixed(""), "Gross Sales": number(amount, ".", ",", before="$"),
        "Discounts": fixed("$0.00"), "Net Sales": number(amount, ".", ",", before="$"), "Tax": fixed("$0.00"),
        "Transaction ID": order("tx{:05}"), "Payment ID": order("pay{:05}"), "Device Name": fixed("Till 1"),
        "Event Type": lambda line: "Refund" if line.quantity < 0 else "Payment", "Location": fixed("High Street"),
        "Customer ID": customer("CU{:04}"), "Customer Name": person},
        {"customer_id": "Customer ID", "timestamp": "Date", "amount": ("Net Sales", "Gross Sales"),
         "order_id": ("Transaction ID", "Payment ID"), "quantity": "Qty"}, {"date_format": "%m/%d/%y", "thousands": ","},
        currency="USD"),
    Wild("paypal_activity", {
        "Date": on("%d/%m/%Y"), "Time": on("%H:%M:%S"), "TimeZone": fixed("GMT"), "Name": person, "Type": fixed("Express Checkout Payment"),
        "Status": states("Completed", "Denied", "Refunded"), "Currency": fixed("GBP"), "Gross": number(total, ".", ","),
        "Fee": lambda line: f"-{float(line.total) * 0.03:.2f}", "Net": lambda line: f"{float(line.total) * 0.97:,.2f}",
        "From Email Address": email, "To Email Address": fixed("shop@mail.test"), "Transaction ID": order("7AB{:08}"),
        "Balance": lambda line: f"{1000 + 13 * line.number:,.2f}"},
        {"customer_id": "From Email Address", "timestamp": "Date", "amount": "Gross", "status": "Status"},
        {"date_format": "%d/%m/%Y", "thousands": ",", "count": {"Completed"}}, quote=1, counts=completed, lines=SINGLE,
        currency="GBP"),
    Wild("etsy_orders", {
        "Sale Date": on("%m/%d/%y"), "Order ID": order("29{:08}"), "Buyer User ID": customer("buyer{}"), "Full Name": person,
        "Number of Items": fixed(1), "Payment Method": fixed("Credit Card"), "Date Shipped": on("%m/%d/%y"),
        "Ship City": fixed("Austin"), "Currency": fixed("USD"), "Order Value": number(total, ".", ""), "Coupon Code": fixed(""),
        "Discount Amount": fixed("0.00"), "Shipping": fixed("0"), "Sales Tax": fixed("0.00"), "Order Total": number(total, ".", ""),
        "Status": fixed("Shipped"), "SKU": sku},
        {"customer_id": "Buyer User ID", "timestamp": "Sale Date", "amount": ("Order Value", "Order Total"), "order_id": "Order ID"},
        {"date_format": "%m/%d/%y"}, lines=SINGLE, currency="USD"),
    Wild("ebay_orders", {
        "Sales Record Number": lambda line: line.number, "Order Number": order("12-{:05}-77"), "Buyer Username": customer("tea_fan_{}"),
        "Buyer Name": person, "Item Title": title, "Custom Label": sku, "Quantity": quantity,
        "Sold For": number(price, ".", ",", before="£"), "Shipping And Handling": fixed("£0.00"),
        "Total Price": number(amount, ".", ",", before="£"), "Payment Method": fixed("Card"), "Sale Date": on("%d-%b-%y"),
        "Paid On Date": on("%d-%b-%y"), "Feedback Left": fixed("No")},
        {"customer_id": "Buyer Username", "timestamp": ("Sale Date", "Paid On Date"), "amount": "Total Price", "order_id": "Order Number",
         "quantity": "Quantity"}, {"date_format": "%d-%b-%y", "thousands": ","}, lines=UNRETURNED, currency="GBP"),
    Wild("salesforce_opportunities", {
        "Opportunity ID": lambda line: f"0065e{line.number:06}", "Account Name": person, "Account ID": customer("0015e{:06}"),
        "Opportunity Name": title, "Stage": states("Closed Won", "Closed Lost", "Closed Lost"), "Amount Currency": fixed("USD"),
        "Amount": number(amount, ".", ","), "Close Date": on("%-m/%-d/%Y"), "Created Date": on("%-m/%-d/%Y"), "Owner": fixed("Kim")},
        {"customer_id": "Account ID", "timestamp": ("Close Date", "Created Date"), "amount": "Amount", "status": "Stage"},
        {"date_format": "%m/%d/%Y", "thousands": ",", "count": {"Closed Won"}}, counts=completed, lines=UNRETURNED, currency="USD"),
    Wild("quickbooks_report", {
        "Date": on("%m/%d/%Y"), "Transaction Type": fixed("Invoice"), "Num": order("{}"), "Customer": person, "Memo/Description": title,
        "Qty": lambda line: f"{line.quantity}.00", "Sales Price": number(price, ".", ","), "Amount": number(amount, ".", ","),
        "Balance": lambda line: f"{500 + 21 * line.number:,.2f}"},
        {"customer_id": "Customer", "timestamp": "Date", "amount": "Amount", "order_id": "Num", "quantity": "Qty"},
        {"date_format": "%m/%d/%Y", "thousands": ",", "skip_rows": 4},
        above=("Tea & Co,,,,,,,,", "Sales by Customer Detail,,,,,,,,", "July 2023 - May 2025,,,,,,,,", ",,,,,,,,"),
        below=("TOTAL,,,,,,,\"$99,999.00\",",)),
    Wild("xero_invoices", {
        "*ContactName": person, "EmailAddress": email, "*InvoiceNumber": order("INV-{:04}"), "*InvoiceDate": on("%d %b %Y"),
        "*DueDate": on("%d %b %Y"), "InventoryItemCode": sku, "*Description": title, "*Quantity": quantity,
        "*UnitAmount": plain_price, "LineAmount": plain, "*AccountCode": fixed("200"), "TaxType": fixed("20% VAT"), "Currency": fixed("GBP")},
        {"customer_id": ("*ContactName", "EmailAddress"), "timestamp": "*InvoiceDate", "amount": "LineAmount",
         "order_id": "*InvoiceNumber", "quantity": "*Quantity"}, {"date_format": "%d %b %Y"}, currency="GBP"),
    Wild("bank_sparkasse", {
        "Auftragskonto": fixed("DE11200300400500600700"), "Buchungstag": on("%d.%m.%y"), "Valutadatum": on("%d.%m.%y"),
        "Buchungstext": fixed("GUTSCHR. UEBERWEISUNG"), "Verwendungszweck": order("Rechnung {}"), "Glaeubiger ID": fixed(""),
        "Mandatsreferenz": fixed(""), "Kundenreferenz (End-to-End)": fixed("NOTPROVIDED"), "Beguenstigter/Zahlungspflichtiger": person,
        "Kontonummer/IBAN": customer("DE8937040044053201{:04}"), "BIC (SWIFT-Code)": fixed("COBADEFFXXX"), "Betrag": number(total, ",", ""),
        "Waehrung": fixed("EUR"), "Info": fixed("Umsatz gebucht")},
        {"customer_id": ("Beguenstigter/Zahlungspflichtiger", "Kontonummer/IBAN"), "timestamp": ("Buchungstag", "Valutadatum"), "amount": "Betrag"},
        {"decimal": ",", "date_format": "%d.%m.%y"}, delimiter=";", quote=1, encoding="cp1252", lines=SINGLE, currency="EUR",
        file="20250601-camt52.csv"),
    Wild("bank_dkb", {
        "Buchungsdatum": on("%d.%m.%y"), "Wertstellung": on("%d.%m.%y"), "Status": fixed("Gebucht"), "Zahlungspflichtige*r": person,
        "Zahlungsempfänger*in": fixed("Tee GmbH"), "Verwendungszweck": order("RE {}"), "Umsatztyp": fixed("Eingang"),
        "IBAN": customer("DE8937040044053201{:04}"), "Betrag (€)": german},
        {"customer_id": ("Zahlungspflichtige*r", "IBAN"), "timestamp": ("Buchungsdatum", "Wertstellung"), "amount": "Betrag (€)"},
        {"decimal": ",", "date_format": "%d.%m.%y", "skip_rows": 4}, delimiter=";", quote=1, lines=SINGLE,
        above=('"Girokonto";"DE11200300400500600700"', '"Zeitraum:";"01.07.2023 - 31.05.2025"', '"Kontostand vom 01.06.2025:";"12.345,67 €"', '""'),
        currency="EUR"),
    Wild("bank_uk", {
        "Transaction Date": on("%d/%m/%Y"), "Transaction Type": fixed("FPI"), "Sort Code": fixed("'11-22-33"), "Account Number": fixed("12345678"),
        "Transaction Description": person, "Debit Amount": fixed(""), "Credit Amount": number(total, ".", ""),
        "Balance": lambda line: f"{1000 + 17 * line.number}.55"},
        {"customer_id": "Transaction Description", "timestamp": "Transaction Date", "amount": "Credit Amount"},
        {"date_format": "%d/%m/%Y"}, lines=SINGLE),
    Wild("de_warenwirtschaft", {
        "Kundennummer": customer("K{:05}"), "Belegdatum": on("%d.%m.%Y"), "Belegnummer": order("RE-{:06}"), "Artikelnummer": sku,
        "Bezeichnung": title, "Menge": quantity, "Einzelpreis": german_price, "Gesamtpreis": german},
        {"customer_id": "Kundennummer", "timestamp": "Belegdatum", "amount": "Gesamtpreis", "order_id": "Belegnummer", "quantity": "Menge",
         "product": ("Artikelnummer", "Bezeichnung")}, {"decimal": ",", "thousands": ".", "date_format": "%d.%m.%Y"},
        delimiter=";", encoding="cp1252"),
    Wild("de_excel_sep", {
        "Kunde": customer("{:05}"), "Datum": on("%d.%m.%Y"), "Umsatz": number(amount, ",", ".", after=" €")},
        {"customer_id": "Kunde", "timestamp": "Datum", "amount": "Umsatz"},
        {"decimal": ",", "thousands": ".", "date_format": "%d.%m.%Y", "skip_rows": 1}, delimiter=";", encoding="utf-8-sig",
        above=("sep=;",), currency="EUR"),
    Wild("ch_apostrophe", {
        "KundenNr": customer("{}"), "Rechnungsdatum": on("%d.%m.%Y"), "Rechnung": order("{}"), "Betrag CHF": number(amount, ".", "’")},
        {"customer_id": "KundenNr", "timestamp": "Rechnungsdatum", "order_id": "Rechnung", "amount": "Betrag CHF"},
        {"thousands": "'", "date_format": "%d.%m.%Y"}, delimiter=";", currency="CHF"),
    Wild("fr_commandes", {
        "N° client": customer("CL{:04}"), "Date de commande": on("%d/%m/%Y"), "N° de commande": order("{}"), "Désignation": title,
        "Quantité": quantity, "Prix unitaire": number(price, ",", "\u202f"), "Montant": number(amount, ",", "\u202f")},
        {"customer_id": "N° client", "timestamp": "Date de commande", "order_id": "N° de commande", "quantity": "Quantité",
         "amount": "Montant", "product": "Désignation"}, {"decimal": ",", "thousands": " ", "date_format": "%d/%m/%Y"}, delimiter=";"),
    Wild("fr_ht_ttc", {
        "Code client": customer("CL{:04}"), "Date facture": on("%d/%m/%Y"), "Facture": order("FA{:05}"), "Total HT": comma,
        "TVA": number(lambda line: line.amount * Decimal("0.2"), ",", ""), "Total TTC": number(lambda line: line.amount * Decimal("1.2"), ",", "")},
        {"customer_id": "Code client", "timestamp": "Date facture", "order_id": "Facture", "amount": "Total HT"},
        {"decimal": ",", "date_format": "%d/%m/%Y"}, delimiter=";", encoding="cp1252"),
    Wild("es_ventas", {
        "Código cliente": customer("C{:04}"), "Fecha": on("%d/%m/%Y"), "Nº pedido": order("{}"), "Artículo": title, "Cantidad": quantity,
        "Precio": number(price, ",", "."), "Importe": german},
        {"customer_id": "Código cliente", "timestamp": "Fecha", "order_id": "Nº pedido", "quantity": "Cantidad", "amount": "Importe"},
        {"decimal": ",", "thousands": ".", "date_format": "%d/%m/%Y"}, delimiter=";", encoding="cp1252"),
    Wild("it_vendite", {
        "Codice cliente": customer("{:06}"), "Data ordine": on("%d/%m/%Y"), "Numero ordine": order("{}"), "Articolo": sku,
        "Descrizione": title, "Quantità": quantity, "Prezzo unitario": comma_price, "Importo totale": comma},
        {"customer_id": "Codice cliente", "timestamp": "Data ordine", "order_id": "Numero ordine", "quantity": "Quantità", "amount": "Importo totale"},
        {"decimal": ",", "date_format": "%d/%m/%Y"}, delimiter=";"),
    Wild("pt_br_pedidos", {
        "ID do Cliente": customer("{}"), "Data do Pedido": on("%d/%m/%Y %H:%M"), "Número do Pedido": order("{}"), "Produto": title,
        "Quantidade": quantity, "Valor Unitário": german_price, "Valor Total": german},
        {"customer_id": "ID do Cliente", "timestamp": "Data do Pedido", "order_id": "Número do Pedido", "quantity": "Quantidade", "amount": "Valor Total"},
        {"decimal": ",", "thousands": ".", "date_format": "%d/%m/%Y %H:%M"}, delimiter=";"),
    Wild("nl_bestellingen", {
        "Klantnummer": customer("{}"), "Besteldatum": on("%d-%m-%Y"), "Bestelnummer": order("{}"), "Artikel": title, "Aantal": quantity,
        "Prijs": comma_price, "Bedrag": comma},
        {"customer_id": "Klantnummer", "timestamp": "Besteldatum", "order_id": "Bestelnummer", "quantity": "Aantal", "amount": "Bedrag"},
        {"decimal": ",", "date_format": "%d-%m-%Y"}, delimiter=";"),
    Wild("pl_sprzedaz", {
        "Nr klienta": customer("{:05}"), "Data sprzedaży": on("%Y-%m-%d"), "Nr zamówienia": order("ZA/{}"), "Towar": title, "Ilość": quantity,
        "Cena jednostkowa": comma_price, "Wartość": number(amount, ",", "\u00a0")},
        {"customer_id": "Nr klienta", "timestamp": "Data sprzedaży", "order_id": "Nr zamówienia", "quantity": "Ilość", "amount": "Wartość"},
        {"decimal": ",", "thousands": " "}, delimiter=";", encoding="cp1250"),
    Wild("tr_satis", {
        "Müşteri No": customer("M{:04}"), "Fatura Tarihi": on("%d.%m.%Y"), "Fatura No": order("{}"), "Ürün": title, "Miktar": quantity,
        "Birim Fiyat": german_price, "Tutar": german, "Para Birimi": fixed("TRY")},
        {"customer_id": "Müşteri No", "timestamp": "Fatura Tarihi", "order_id": "Fatura No", "quantity": "Miktar", "amount": "Tutar"},
        {"decimal": ",", "thousands": ".", "date_format": "%d.%m.%Y"}, delimiter=";", encoding="cp1254", currency="TRY"),
    Wild("zh_orders_gbk", {
        "客户编号": customer("KH{:05}"), "订单编号": order("2024{:06}"), "下单时间": on("%Y/%m/%d %H:%M:%S"), "商品名称": title, "数量": quantity,
        "单价": plain_price, "金额": plain},
        {"customer_id": "客户编号", "timestamp": "下单时间", "order_id": "订单编号", "quantity": "数量", "amount": "金额"},
        {"date_format": "%Y/%m/%d %H:%M:%S"}, encoding="gb18030"),
    Wild("zh_taobao", {
        "订单编号": order("1892{:014}"), "买家会员名": customer("tb{:06}"), "买家应付货款": plain, "买家应付邮费": fixed("0.00"), "总金额": plain,
        "买家实际支付金额": plain, "订单状态": states("交易成功", "交易关闭", "交易关闭"), "收货人姓名": person, "订单创建时间": on("%Y-%m-%d %H:%M:%S"),
        "订单付款时间": on("%Y-%m-%d %H:%M:%S"), "宝贝标题": title, "宝贝总数量": quantity, "店铺名称": fixed("茶叶店")},
        {"customer_id": "买家会员名", "timestamp": ("订单创建时间", "订单付款时间"), "amount": ("买家应付货款", "总金额", "买家实际支付金额"), "order_id": "订单编号",
         "status": "订单状态"}, {"count": {"交易成功"}}, encoding="gb18030", counts=completed, lines=SINGLE, file="ExportOrderList.csv"),
    Wild("zh_tw_big5", {
        "會員編號": customer("{:05}"), "訂單編號": order("T{:06}"), "訂購日期": on("%Y/%m/%d"), "商品名稱": sku, "數量": quantity, "小計": fixed(""), "訂單金額": plain},
        {"customer_id": "會員編號", "timestamp": "訂購日期", "order_id": "訂單編號", "quantity": "數量", "amount": "訂單金額"},
        {"date_format": "%Y/%m/%d"}, encoding="big5", lines=UNRETURNED),
    Wild("ja_chumon", {
        "注文番号": order("{:06}"), "注文日時": on("%Y/%m/%d %H:%M:%S"), "会員ID": customer("{:06}"), "商品名": sku, "個数": quantity,
        "単価": lambda line: f"{int(line.price * 100)}", "金額": lambda line: f"{int(line.amount * 100)}"},
        {"customer_id": "会員ID", "timestamp": "注文日時", "order_id": "注文番号", "quantity": "個数", "amount": "金額"},
        {"date_format": "%Y/%m/%d %H:%M:%S"}, encoding="shift_jis", money=lambda line: int(line.amount * 100)),
    Wild("ja_uriage_yen", {
        "顧客コード": customer("{:06}"), "売上日": on("%Y年%m月%d日"), "伝票番号": order("{}"), "商品コード": sku, "数量": quantity,
        "売上金額": lambda line: f"¥{int(line.amount * 100):,}"},
        {"customer_id": "顧客コード", "timestamp": "売上日", "order_id": "伝票番号", "quantity": "数量", "amount": "売上金額"},
        {"date_format": "%Y年%m月%d日", "thousands": ","}, money=lambda line: int(line.amount * 100), currency="JPY"),
    Wild("ko_jumun", {
        "주문번호": order("2024{:07}"), "주문일시": on("%Y-%m-%d %H:%M:%S"), "구매자ID": customer("user{}"), "상품명": sku, "수량": quantity,
        "판매가": lambda line: f"{int(line.price * 1000):,}", "결제금액": lambda line: f"{int(line.amount * 1000):,}"},
        {"customer_id": "구매자ID", "timestamp": "주문일시", "order_id": "주문번호", "quantity": "수량", "amount": "결제금액"},
        {"thousands": ","}, encoding="euc_kr", money=lambda line: int(line.amount * 1000)),
    Wild("ru_1c", {
        "Контрагент": customer("ООО Чай {}"), "Дата": on("%d.%m.%Y %-H:%M:%S"), "Номер": order("УТ-{:06}"), "Номенклатура": title, "Количество": quantity,
        "Цена": number(price, ",", "\u00a0"), "Сумма": number(amount, ",", "\u00a0"), "Валюта": fixed("RUB")},
        {"customer_id": "Контрагент", "timestamp": "Дата", "order_id": "Номер", "quantity": "Количество", "amount": "Сумма"},
        {"decimal": ",", "thousands": " ", "date_format": "%d.%m.%Y %H:%M:%S"}, delimiter=";", encoding="cp1251", currency="RUB",
        lines=UNRETURNED),
    Wild("sv_forsaljning", {
        "Kundnr": customer("{}"), "Orderdatum": on("%Y-%m-%d"), "Ordernr": order("{}"), "Artikel": title, "Antal": quantity,
        "À-pris": number(price, ",", " "), "Belopp": number(amount, ",", " ")},
        {"customer_id": "Kundnr", "timestamp": "Orderdatum", "order_id": "Ordernr", "quantity": "Antal", "amount": "Belopp"},
        {"decimal": ",", "thousands": " "}, delimiter=";", encoding="cp1252"),
    Wild("da_salg", {
        "Kundenummer": customer("{}"), "Fakturadato": on("%d-%m-%Y"), "Fakturanummer": order("{}"), "Varenummer": sku, "Antal": quantity, "Beløb": german},
        {"customer_id": "Kundenummer", "timestamp": "Fakturadato", "order_id": "Fakturanummer", "quantity": "Antal", "amount": "Beløb"},
        {"decimal": ",", "thousands": ".", "date_format": "%d-%m-%Y"}, delimiter=";", encoding="cp1252"),
    Wild("cs_prodeje", {
        "Číslo zákazníka": customer("{}"), "Datum": on("%d. %m. %Y"), "Číslo objednávky": order("{}"), "Zboží": title, "Množství": quantity, "Částka": number(amount, ",", " ")},
        {"customer_id": "Číslo zákazníka", "timestamp": "Datum", "order_id": "Číslo objednávky", "quantity": "Množství", "amount": "Částka"},
        {"decimal": ",", "thousands": " ", "date_format": "%d. %m. %Y"}, delimiter=";"),
    Wild("en_dayfirst_unclear", {
        "customer": customer("c{:03}"), "date": on("%d/%m/%Y"), "revenue": plain},
        {"customer_id": "customer", "timestamp": "date", "amount": "revenue"}, {"date_format": "%d/%m/%Y"},
        lines=tuple(sorted(lines(early=True), key=lambda line: (line.customer, line.number)))),
    Wild("en_thousands_unclear", {
        "customer_id": customer("c{:03}"), "order_date": on("%Y-%m-%d"), "revenue": lambda line: f"{1 + line.number % 9}.{100 + line.number * 7 % 900}"},
        {"customer_id": "customer_id", "timestamp": "order_date", "amount": "revenue"}, {"decimal": ",", "thousands": "."}, lines=UNRETURNED,
        money=lambda line: (1 + line.number % 9) * 1000 + 100 + line.number * 7 % 900),
    Wild("in_lakh", {
        "Party Name": person, "Voucher No": order("{}"), "Voucher Date": on("%d-%b-%Y"), "Item Name": title, "Qty": quantity,
        "Rate": number(lambda line: line.price * 100, ".", ","), "Amount": lambda line: lakh(line.amount * 100)},
        {"customer_id": "Party Name", "timestamp": "Voucher Date", "order_id": "Voucher No", "quantity": "Qty", "amount": "Amount"},
        {"thousands": ",", "date_format": "%d-%b-%Y"}, money=lambda line: line.amount * 100, lines=UNRETURNED),
    Wild("epoch_ms_jsonl", {
        "user_id": customer("u{}"), "event_time": lambda line: int((line.when - datetime(1970, 1, 1)).total_seconds() * 1000), "order_id": order("o{}"),
        "price": lambda line: float(line.price), "quantity": quantity, "total": lambda line: float(line.amount), "sku": sku},
        {"customer_id": "user_id", "timestamp": "event_time", "order_id": "order_id", "quantity": "quantity", "amount": "total"},
        {"date_format": "epoch_ms"}, file="events.jsonl", writer=jsonl),
    Wild("epoch_s_tsv", {
        "uid": customer("{}"), "ts": lambda line: int((line.when - datetime(1970, 1, 1)).total_seconds()), "amt": plain},
        {"customer_id": "uid", "timestamp": "ts", "amount": "amt"}, {"date_format": "epoch_s"}, file="dump.tsv", delimiter="\t"),
    Wild("excel_serial_csv", {
        "Client ID": customer("{}"), "Sale date": lambda line: (line.when - datetime(1899, 12, 30)).days, "Sales": plain},
        {"customer_id": "Client ID", "timestamp": "Sale date", "amount": "Sales"}, {"date_format": "excel"}),
    Wild("excel_workbook", {
        "Kundennr": customer("{}"), "Bestelldatum": lambda line: line.when, "Bestellnr": order("{}"), "Artikel": title, "Menge": quantity,
        "Betrag": lambda line: float(line.amount)},
        {"customer_id": "Kundennr", "timestamp": "Bestelldatum", "order_id": "Bestellnr", "quantity": "Menge", "amount": "Betrag"},
        {"sheet": "Umsätze"}, file="umsatz.xlsx", writer=excel("Umsätze", "Hinweise")),
    Wild("excel_report_title", {
        "Customer No.": customer("{}"), "Posting Date": lambda line: line.when, "Document No.": order("S{}"), "Quantity": quantity, "Amount": lambda line: float(line.amount)},
        {"customer_id": "Customer No.", "timestamp": "Posting Date", "order_id": "Document No.", "quantity": "Quantity", "amount": "Amount"},
        {"skip_rows": 2}, file="report.xlsx", writer=excel("Sheet1", above=(("Sales report",), ("2023 to 2025",)))),
    Wild("sqlite_shop", {
        "customer_id": lambda line: line.customer, "ordered_at": on("%Y-%m-%d %H:%M:%S"), "order_id": lambda line: line.order, "sku": sku,
        "qty": quantity, "unit_price": lambda line: float(line.price)},
        {"customer_id": "customer_id", "timestamp": "ordered_at", "order_id": "order_id", "quantity": "qty", "unit_price": "unit_price", "product": "sku"},
        {"table": "order_items"}, file="shop.sqlite", writer=sqlite),
    Wild("parquet_typed", {
        "client_id": lambda line: line.customer, "purchased_at": lambda line: line.when, "basket_id": lambda line: line.order,
        "net_amount": lambda line: float(line.amount), "store": fixed("north")},
        {"customer_id": "client_id", "timestamp": "purchased_at", "order_id": "basket_id", "amount": "net_amount"}, file="sales.parquet", writer=parquet),
    Wild("headerless_csv", {
        "a": customer("{:05}"), "b": on("%Y-%m-%d"), "c": order("{}"), "d": plain},
        {"customer_id": "1", "timestamp": "2", "order_id": "3", "amount": "4"}, header=False),
    Wild("cryptic_headings", {
        "f1": customer("{:05}"), "f2": on("%Y-%m-%d"), "f3": order("R{:05}"), "f4": sku, "f5": quantity, "f6": plain_price, "f7": plain},
        {"customer_id": "f1", "timestamp": "f2", "order_id": "f3", "product": "f4", "quantity": "f5", "amount": "f7"}),
    Wild("repeated_totals", {
        "order_id": order("{}"), "customer_id": customer("{:04}"), "timestamp": on("%Y-%m-%d"), "amount": number(total, ".", ""), "product": title},
        {"order_id": "order_id", "customer_id": "customer_id", "timestamp": "timestamp", "amount": "amount", "product": "product"},
        {"order_totals": "repeated"}, money=first_total, lines=UNRETURNED),
    Wild("guest_checkout", {
        "customer_id": lambda line: "guest" if line.order % 4 == 0 else f"c{line.customer:03}", "order_date": on("%Y-%m-%d"), "order_id": order("{}"), "amount": plain},
        {"customer_id": "customer_id", "timestamp": "order_date", "order_id": "order_id", "amount": "amount"},
        {"guest_ids": {"guest"}}, counts=lambda line: line.order % 4 != 0),
    Wild("two_currencies", {
        "customer_id": customer("c{:03}"), "order_date": on("%Y-%m-%d"), "order_id": order("{}"), "amount": plain,
        "currency": lambda line: "CHF" if line.customer % 4 == 0 else "EUR"},
        {"customer_id": "customer_id", "timestamp": "order_date", "order_id": "order_id", "amount": "amount", "currency": "currency"},
        {"currency_rates": "asked"}),
    Wild("utf16_excel_text", {
        "Customer": customer("{:05}"), "Invoice date": on("%m/%d/%Y"), "Invoice": order("{}"), "Item": title, "Qty": quantity, "Ext. price": number(amount, ".", ",", minus="parentheses")},
        {"customer_id": "Customer", "timestamp": "Invoice date", "order_id": "Invoice", "quantity": "Qty", "amount": "Ext. price"},
        {"date_format": "%m/%d/%Y", "thousands": ","}, encoding="utf-16", delimiter="\t", file="Book1.txt"),
    Wild("positive_returns", {
        "customer_id": customer("c{:03}"), "date": on("%Y-%m-%d"), "receipt": order("{}"), "type": lambda line: "return" if line.quantity < 0 else "sale",
        "amount": number(lambda line: abs(line.amount), ".", "")},
        {"customer_id": "customer_id", "timestamp": "date", "order_id": "receipt", "amount": "amount"}, {"count": {"sale"}},
        counts=lambda line: line.quantity > 0),
    Wild("gross_net_columns", {
        "Customer ID": customer("{:05}"), "Order Date": on("%Y-%m-%d"), "Order ID": order("{}"), "Net": plain,
        "VAT": number(lambda line: line.amount / 5, ".", ""), "Gross": number(lambda line: line.amount + line.amount / 5, ".", "")},
        {"customer_id": "Customer ID", "timestamp": "Order Date", "order_id": "Order ID", "amount": "Net"}),
)  # fmt: skip


def lakh(value: Decimal) -> str:
    """Write money in the groups of India: 1,23,456.00."""
    whole, cents = f"{value:.2f}".split(".")
    head, tail = whole[:-3], whole[-3:]
    groups = []
    while head:
        groups.insert(0, head[-2:])
        head = head[:-2]
    return ",".join([*groups, tail]) + f".{cents}"
