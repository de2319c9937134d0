"""Layouts that were written after the rules: what is asserted of them is what happens to files nobody thought of."""

from decimal import Decimal

from tests.identify.guess.wild_files import (
    SINGLE,
    UNRETURNED,
    comma,
    comma_price,
    customer,
    email,
    excel,
    german,
    order,
    person,
    plain,
    plain_price,
    quantity,
    sku,
    states,
    title,
)  # fmt: skip
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
    total,
)  # fmt: skip


def dong(line: Line) -> str:
    return f"{int(line.amount * 1000):,}".replace(",", ".")


def in_thousands(line: Line) -> int:
    return int(line.amount * 1000)


SQUARESPACE = {
    "Order ID": order("{:05}"), "Email": email, "Financial Status": first(states("PAID", "CANCELED", "REFUNDED")),
    "Paid at": first(on("%Y-%m-%d %H:%M:%S -0400")), "Fulfillment Status": first(fixed("FULFILLED")), "Currency": first(fixed("USD")),
    "Subtotal": first(number(total, ".", "")), "Shipping": first(fixed("5.00")), "Taxes": first(fixed("0.00")),
    "Amount Refunded": first(fixed("0.00")), "Total": first(number(lambda line: line.total + 5, ".", "")), "Discount Code": fixed(""),
    "Created at": first(on("%Y-%m-%d %H:%M:%S -0400")), "Lineitem quantity": quantity, "Lineitem name": title,
    "Lineitem price": plain_price, "Lineitem sku": sku, "Billing Name": first(person),
}  # fmt: skip
HELD_OUT = (
    Wild("fi_tilaukset", {
        "Asiakasnro": customer("{}"), "Tilauspvm": on("%-d.%-m.%Y"), "Tilausnro": order("{}"), "Tuote": title, "Määrä": quantity,
        "Yhteensä": number(amount, ",", "\u00a0")},
        {"customer_id": "Asiakasnro", "timestamp": "Tilauspvm", "order_id": "Tilausnro", "quantity": "Määrä", "amount": "Yhteensä"},
        {"decimal": ",", "date_format": "%d.%m.%Y"}, delimiter=";", encoding="cp1252"),
    Wild("hu_szamlak", {
        "Vevőkód": customer("V{:04}"), "Számla kelte": on("%Y.%m.%d."), "Számlaszám": order("SZ-{:05}"), "Megnevezés": title, "Mennyiség": quantity,
        "Nettó egységár": comma_price, "Nettó érték": comma, "ÁFA": number(lambda line: line.amount * Decimal("0.27"), ",", ""),
        "Bruttó érték": number(lambda line: line.amount * Decimal("1.27"), ",", "")},
        {"customer_id": "Vevőkód", "timestamp": "Számla kelte", "order_id": "Számlaszám", "quantity": "Mennyiség", "amount": "Nettó érték"},
        {"decimal": ",", "date_format": "%Y.%m.%d."}, delimiter=";", encoding="cp1250"),
    Wild("uk_prodazhi", {
        "Код клієнта": customer("{:06}"), "Дата замовлення": on("%d.%m.%Y"), "Номер замовлення": order("{}"), "Товар": title, "Кількість": quantity,
        "Ціна": comma_price, "Сума": comma},
        {"customer_id": "Код клієнта", "timestamp": "Дата замовлення", "order_id": "Номер замовлення", "quantity": "Кількість", "amount": "Сума"},
        {"decimal": ",", "date_format": "%d.%m.%Y"}, delimiter=";", encoding="cp1251"),
    Wild("el_poliseis", {
        "Κωδικός Πελάτη": customer("{:05}"), "Ημερομηνία": on("%d/%m/%Y"), "Παραστατικό": order("{}"), "Είδος": title, "Ποσότητα": quantity, "Αξία": german},
        {"customer_id": "Κωδικός Πελάτη", "timestamp": "Ημερομηνία", "amount": "Αξία", "quantity": "Ποσότητα"},
        {"decimal": ",", "thousands": ".", "date_format": "%d/%m/%Y"}, delimiter=";"),
    Wild("ro_vanzari", {
        "Client": customer("C{:04}"), "Data": on("%d.%m.%Y"), "Nr. factura": order("{}"), "Produs": title, "Cantitate": quantity, "Pret": comma_price, "Valoare": comma},
        {"customer_id": "Client", "timestamp": "Data", "order_id": "Nr. factura", "quantity": "Cantitate", "amount": "Valoare"},
        {"decimal": ",", "date_format": "%d.%m.%Y"}, delimiter="\t", file="vanzari.tsv"),
    Wild("vi_don_hang", {
        "Mã khách hàng": customer("KH{:05}"), "Ngày mua": on("%d/%m/%Y %H:%M"), "Mã đơn hàng": order("DH{:06}"), "Sản phẩm": title, "Số lượng": quantity, "Thành tiền": dong},
        {"customer_id": "Mã khách hàng", "timestamp": "Ngày mua", "order_id": "Mã đơn hàng", "quantity": "Số lượng", "amount": "Thành tiền"},
        {"decimal": ",", "thousands": ".", "date_format": "%d/%m/%Y %H:%M"}, money=in_thousands),
    Wild("id_rupiah", {
        "Nama Pelanggan": person, "Tanggal": on("%d-%m-%Y"), "No. Pesanan": order("{}"), "Produk": title, "Jumlah": quantity,
        "Total Harga": lambda line: f"Rp {dong(line)}"},
        {"customer_id": "Nama Pelanggan", "timestamp": "Tanggal", "order_id": "No. Pesanan", "quantity": "Jumlah", "amount": "Total Harga"},
        {"thousands": ".", "date_format": "%d-%m-%Y"}, money=in_thousands),
    Wild("vend_till", {
        "Date": on("%Y-%m-%d %H:%M:%S"), "Receipt": order("{}"), "Customer Code": customer("{}-ABCD"), "Customer Name": person, "Note": fixed(""),
        "Quantity": quantity, "Subtotal": plain, "Sales Tax": number(lambda line: line.amount / 10, ".", ""), "Discount": fixed("0"), "Loyalty": fixed("0"),
        "Total": number(lambda line: line.amount * Decimal("1.1"), ".", ""), "Paid": number(lambda line: line.amount * Decimal("1.1"), ".", ""),
        "Details": title, "Register": fixed("Main"), "User": fixed("Kim"), "Status": fixed("CLOSED")},
        {"customer_id": "Customer Code", "timestamp": "Date", "amount": ("Total", "Paid"), "order_id": "Receipt"},
        money=lambda line: (line.amount * Decimal("1.1")).quantize(Decimal("0.01"), "ROUND_HALF_EVEN")),
    Wild("wix_orders", {
        "Order number": order("{}"), "Date created": on("%b %-d, %Y"), "Time": on("%-I:%M %p"), "Contact email": email, "Item": title, "SKU": sku, "Qty": quantity,
        "Price": plain_price, "Payment status": states("Paid", "Refunded", "Refunded"), "Currency": fixed("USD"), "Shipping rate": fixed("0"), "Total tax": fixed("0"),
        "Total": number(total, ".", "")},
        {"customer_id": "Contact email", "timestamp": "Date created", "order_id": "Order number", "status": "Payment status"},
        {"date_format": "%b %d, %Y", "count": {"Paid"}}, money=first_total, counts=completed, lines=UNRETURNED, currency="USD"),
    Wild("squarespace", SQUARESPACE, {
        "customer_id": "Email", "timestamp": ("Created at", "Paid at"), "amount": "Total", "order_id": "Order ID", "status": "Financial Status"},
        {"order_totals": "first_line", "count": {"PAID"}}, money=lambda line: line.total + 5 if line.place == 0 else 0, counts=completed, lines=UNRETURNED, currency="USD"),
    Wild("prestashop", {
        "ID": order("{}"), "Reference": lambda line: f"XK{line.order:05}QP", "New client": fixed("0"), "Delivery": fixed("France"), "Customer": person,
        "Total": number(total, ",", "", after=" €"), "Payment": fixed("Carte"), "Status": states("Livré", "Annulé", "Remboursé"), "Date": on("%d/%m/%Y %H:%M:%S")},
        {"customer_id": "Customer", "timestamp": "Date", "amount": "Total", "status": "Status", "order_id": ("ID", "Reference")},
        {"decimal": ",", "date_format": "%d/%m/%Y %H:%M:%S", "count": {"Livré"}}, delimiter=";", lines=SINGLE, counts=completed, currency="EUR"),
    Wild("bigcommerce", {
        "Order ID": order("{}"), "Customer ID": customer("{}"), "Customer Name": person, "Customer Email": email, "Order Date": on("%m/%d/%Y"),
        "Order Status": states("Completed", "Cancelled", "Refunded"), "Subtotal (inc tax)": number(lambda line: line.total * Decimal("1.1"), ".", ""), "Subtotal (ex tax)": number(total, ".", ""),
        "Tax Total": number(lambda line: line.total / 10, ".", ""), "Order Total (inc tax)": number(lambda line: line.total * Decimal("1.1"), ".", ""), "Order Total (ex tax)": number(total, ".", ""),
        "Order Currency Code": fixed("AUD")},
        {"customer_id": "Customer ID", "timestamp": "Order Date", "order_id": "Order ID", "amount": "Order Total (ex tax)", "status": "Order Status"},
        {"date_format": "%m/%d/%Y", "count": {"Completed"}}, lines=SINGLE, counts=completed, currency="AUD"),
    Wild("olist_join", {
        "order_id": order("o{:08x}"), "customer_id": order("c{:08x}"), "customer_unique_id": customer("u{:05}"), "order_status": fixed("delivered"),
        "order_purchase_timestamp": on("%Y-%m-%d %H:%M:%S"), "order_delivered_customer_date": on("%Y-%m-%d %H:%M:%S"), "price": plain, "freight_value": fixed("8.10")},
        {"customer_id": "customer_unique_id", "timestamp": "order_purchase_timestamp", "order_id": "order_id", "amount": "price"}, lines=UNRETURNED),
    Wild("ta_feng", {
        "TRANSACTION_DT": on("%-m/%-d/%Y"), "CUSTOMER_ID": customer("{:08}"), "AGE_GROUP": fixed("45-49"), "PIN_CODE": fixed("115"), "PRODUCT_SUBCLASS": lambda line: 100200 + line.product,
        "PRODUCT_ID": lambda line: 4710000000000 + line.product, "AMOUNT": quantity, "ASSET": number(lambda line: line.amount / 2, ".", ""), "SALES_PRICE": plain},
        {"customer_id": "CUSTOMER_ID", "timestamp": "TRANSACTION_DT", "amount": "SALES_PRICE", "quantity": "AMOUNT"}, {"date_format": "%m/%d/%Y"}, lines=UNRETURNED),
    Wild("superstore", {
        "Row ID": lambda line: line.number, "Order ID": order("CA-2016-{:06}"), "Order Date": on("%-m/%-d/%Y"), "Ship Date": on("%-m/%-d/%Y"), "Ship Mode": fixed("Second Class"),
        "Customer ID": customer("CG-{:05}"), "Customer Name": person, "Segment": fixed("Consumer"), "Country": fixed("United States"), "City": fixed("Henderson"),
        "Product ID": sku, "Category": fixed("Furniture"), "Sub-Category": fixed("Chairs"), "Product Name": title, "Sales": plain, "Quantity": quantity, "Discount": fixed("0.2"),
        "Profit": number(lambda line: line.amount / 4, ".", "")},
        {"customer_id": "Customer ID", "timestamp": "Order Date", "order_id": "Order ID", "amount": "Sales", "quantity": "Quantity"}, {"date_format": "%m/%d/%Y"}, encoding="cp1252", lines=UNRETURNED),
    Wild("online_retail_ii", {
        "Invoice": lambda line: f"C{489434 + line.order}" if line.quantity < 0 else f"{489434 + line.order}", "StockCode": sku, "Description": title, "Quantity": quantity,
        "InvoiceDate": on("%Y-%m-%d %H:%M:%S"), "Price": lambda line: str(line.price), "Customer ID": lambda line: "" if line.order % 6 == 1 else f"{13085 + line.customer}.0", "Country": fixed("France")},
        {"customer_id": "Customer ID", "timestamp": "InvoiceDate", "order_id": "Invoice", "quantity": "Quantity", "unit_price": "Price"}, {"cancel_prefix": "C"}, counts=lambda line: line.order % 6 != 1),
    Wild("soll_haben", {
        "Konto": customer("1{:04}"), "Umsatz (ohne Soll/Haben-Kz)": number(lambda line: abs(line.amount), ",", ""), "Soll/Haben-Kennzeichen": lambda line: "H" if line.quantity < 0 else "S",
        "Belegdatum": on("%d.%m.%Y"), "Belegfeld 1": order("{}"), "Buchungstext": title},
        {"customer_id": "Konto", "timestamp": "Belegdatum", "amount": "Umsatz (ohne Soll/Haben-Kz)"}, {"count": {"signed by the other column"}, "decimal": ",", "date_format": "%d.%m.%Y"}, delimiter=";", encoding="cp1252"),
    Wild("debit_and_credit", {
        "Date": on("%d/%m/%Y"), "Customer": person, "Reference": order("{}"), "Debit": lambda line: f"{-line.amount:.2f}" if line.amount < 0 else "",
        "Credit": lambda line: f"{line.amount:.2f}" if line.amount >= 0 else ""},
        {"customer_id": "Customer", "timestamp": "Date", "amount": "Credit less Debit"}, {"date_format": "%d/%m/%Y"}),
    Wild("early_days_sorted", {
        "client": customer("c{:03}"), "purchase date": on("%d/%m/%Y"), "spend": plain}, {"customer_id": "client", "timestamp": "purchase date", "amount": "spend"},
        {"date_format": "%d/%m/%Y"}, lines=tuple(sorted(lines(early=True), key=lambda line: line.when))),
    Wild("visits_without_money", {"member": customer("m{:03}"), "visit": on("%Y-%m-%d"), "club": fixed("north")},
        {"customer_id": "member", "timestamp": "visit"}, money=fixed(0)),
    Wild("guest_zero", {
        "user_id": lambda line: "0" if line.order % 3 == 0 else str(100 + line.customer), "created_at": on("%Y-%m-%d %H:%M:%S"), "order_id": order("{}"), "total": plain},
        {"customer_id": "user_id", "timestamp": "created_at", "order_id": "order_id", "amount": "total"}, {"guest_ids": {"0"}}, counts=lambda line: line.order % 3 != 0),
    Wild("zh_youzan", {
        "订单号": order("E2024{:010}"), "订单状态": states("交易完成", "交易关闭", "交易关闭"), "下单时间": on("%Y-%m-%d %H:%M:%S"), "买家昵称": customer("微信用户{}"), "商品名称": title,
        "商品数量": quantity, "订单实付金额(元)": plain, "运费(元)": fixed("0.00")},
        {"customer_id": "买家昵称", "timestamp": "下单时间", "amount": "订单实付金额(元)", "order_id": "订单号", "status": "订单状态"}, {"count": {"交易完成"}}, counts=completed, lines=SINGLE),
    Wild("ja_two_digit_year", {
        "顧客番号": customer("{:05}"), "売上日付": on("%y/%m/%d"), "伝票No": order("{}"), "品名": title, "数量": quantity, "金額(円)": lambda line: f"{int(line.amount * 100):,}"},
        {"customer_id": "顧客番号", "timestamp": "売上日付", "order_id": "伝票No", "quantity": "数量", "amount": "金額(円)"}, {"date_format": "%y/%m/%d", "thousands": ","},
        encoding="shift_jis", money=lambda line: int(line.amount * 100), currency="JPY"),
    Wild("se_kronor", {
        "Kund": customer("{}"), "Datum": on("%Y-%m-%d"), "Kvitto": order("{}"), "Belopp": number(amount, ",", " ", after=" kr")},
        {"customer_id": "Kund", "timestamp": "Datum", "order_id": "Kvitto", "amount": "Belopp"}, {"decimal": ",", "thousands": " "}, delimiter=";", currency="SEK"),
    Wild("us_excel_dates_text", {
        "Acct #": customer("{:06}"), "Txn Dt": on("%-m/%-d/%y"), "Txn #": order("{}"), "Item #": sku, "Units": quantity, "Net $": plain},
        {"customer_id": "Acct #", "timestamp": "Txn Dt", "order_id": "Txn #", "quantity": "Units", "amount": "Net $"}, {"date_format": "%m/%d/%y"}, currency="USD"),
    Wild("excel_totals_below", {
        "Kunde": person, "Datum": lambda line: line.when, "Beleg": order("{}"), "Netto": lambda line: float(line.amount)},
        {"customer_id": "Kunde", "timestamp": "Datum", "order_id": "Beleg", "amount": "Netto"}, {"skip_rows": 1}, file="auswertung.xlsx",
        writer=excel("Tabelle1", above=(("Auswertung Umsätze",),), below=((), ("Summe", None, None, 99999.0)))),
    Wild("unit_price_called_amount", {
        "customer": customer("c{:03}"), "date": on("%Y-%m-%d"), "invoice": order("{}"), "item": title, "quantity": quantity, "amount": plain_price},
        {"customer_id": "customer", "timestamp": "date", "order_id": "invoice", "quantity": "quantity", "unit_price": "amount"}, lines=UNRETURNED),
    Wild("store_and_customer_cryptic", {
        "A": fixed("S01"), "B": customer("{:06}"), "C": on("%d.%m.%y"), "D": quantity, "E": comma}, {"customer_id": "B", "timestamp": "C", "amount": "E"},
        {"decimal": ",", "date_format": "%d.%m.%y"}, delimiter=";"),
    Wild("cents_of_an_api", {
        "id": order("pi_{:06}"), "customer": customer("cus_{:04}"), "created": on("%Y-%m-%dT%H:%M:%SZ"), "amount_cents": lambda line: int(line.total * 100), "currency": fixed("eur")},
        {"customer_id": "customer", "timestamp": "created", "amount": "amount_cents", "currency": "currency"}, money=total, lines=SINGLE, currency="EUR"),
    Wild("weighed_goods", {
        "card": customer("{:08}"), "date": on("%d/%m/%Y"), "receipt": order("{}"), "item": title, "quantity": lambda line: f"{line.quantity * 0.385:.3f}", "unit price": plain_price},
        {"customer_id": "card", "timestamp": "date", "order_id": "receipt", "quantity": "quantity", "unit_price": "unit price"}, {"date_format": "%d/%m/%Y"},
        money=lambda line: (Decimal(f"{line.quantity * 0.385:.3f}") * line.price).quantize(Decimal("0.0001")), lines=UNRETURNED),
    Wild("customer_ledger", {
        "Customer No": customer("{:05}"), "Posting Date": on("%m/%d/%y"), "Document Type": lambda line: "Payment" if line.place == 1 else "Invoice", "Document No": lambda line: f"D{line.number:06}",
        "Amount": plain}, {"customer_id": "Customer No", "timestamp": "Posting Date", "amount": "Amount", "status": "Document Type"}, {"date_format": "%m/%d/%y", "count": {"Invoice"}},
        counts=lambda line: line.place != 1, lines=UNRETURNED),
    Wild("partly_refunded", {
        "order_id": order("{}"), "customer_email": email, "created_at": on("%Y-%m-%d %H:%M:%S"), "total": number(total, ".", ""),
        "refunded_amount": lambda line: "5.00" if line.order % 10 == 0 else "0.00"},
        {"customer_id": "customer_email", "timestamp": "created_at", "amount": "total less refunded_amount"}, lines=SINGLE),
    Wild("date_and_time_apart", {
        "Kassenbon": order("{}"), "Bondatum": on("%d.%m.%Y"), "Uhrzeit": on("%H:%M"), "Kundenkarte": lambda line: "" if line.order % 3 == 0 else f"29{line.customer:011}", "EAN": lambda line: 4001234000000 + line.product,
        "Warengruppe": fixed("120"), "Menge": quantity, "VK": comma_price, "Bonsumme": number(total, ",", "")},
        {"customer_id": "Kundenkarte", "timestamp": "Bondatum", "order_id": "Kassenbon", "amount": "Bonsumme"}, {"order_totals": "repeated", "decimal": ",", "date_format": "%d.%m.%Y"}, delimiter=";", counts=lambda line: line.order % 3 != 0, money=first_total, lines=UNRETURNED),
    Wild("two_dates_that_differ", {
        "account": customer("A{:04}"), "booked": on("%Y-%m-%d"), "delivered": lambda line: (line.when + __import__("datetime").timedelta(days=9)).strftime("%Y-%m-%d"), "ref": order("{}"), "value": plain},
        {"customer_id": "account", "timestamp": "booked", "amount": "value"}),
    Wild("salesman_and_customer", {
        "Vertreter": lambda line: f"V{line.customer % 7}", "Kd-Nr": customer("{}"), "Name 1": person, "PLZ": lambda line: f"{10115 + line.customer}", "RG-Datum": on("%d.%m.%y"), "RG-Nr": order("{}"),
        "Art.-Nr.": sku, "Mge": quantity, "Netto-Betrag": german},
        {"customer_id": ("Kd-Nr", "Name 1", "PLZ"), "timestamp": "RG-Datum", "amount": "Netto-Betrag"}, {"decimal": ",", "thousands": ".", "date_format": "%d.%m.%y"}, delimiter=";", encoding="cp1252"),
    Wild("us_dates_with_am_pm", {
        "Guest Name": person, "Check #": order("{}"), "Opened": on("%-m/%-d/%y %-I:%M %p"), "Server": fixed("Lou"), "Amount": number(total, ".", ","), "Tax": fixed("0.00"), "Tip": fixed("3.00"), "Total": number(lambda line: line.total + 3, ".", ",")},
        {"customer_id": "Guest Name", "timestamp": "Opened", "amount": "Amount"}, {"date_format": "%m/%d/%y %I:%M %p", "thousands": ","}, lines=SINGLE),
    Wild("months_in_french", {
        "Client": customer("{}"), "Date": lambda line: f"{line.when.day} {('janv.', 'févr.', 'mars', 'avr.', 'mai', 'juin', 'juil.', 'août', 'sept.', 'oct.', 'nov.', 'déc.')[line.when.month - 1]} {line.when.year}", "Montant": comma},
        {"customer_id": "Client", "timestamp": "Date", "amount": "Montant"}, {"decimal": ","}, delimiter=";"),
    Wild("iso_code_behind", {
        "Customer": customer("{}"), "Date": on("%Y-%m-%d"), "Order": order("{}"), "Total": number(amount, ".", ",", after=" EUR")},
        {"customer_id": "Customer", "timestamp": "Date", "order_id": "Order", "amount": "Total"}, {"thousands": ","}, currency="EUR"),
    Wild("test_orders_flagged", {
        "OrderID": order("{}"), "CustomerID": customer("{}"), "OrderDate": on("%Y%m%d"), "Total": number(total, ".", ""), "IsTest": lambda line: "1" if line.order % 20 == 0 else "0"},
        {"customer_id": "CustomerID", "timestamp": "OrderDate", "amount": "Total", "status": "IsTest"}, {"date_format": "%Y%m%d", "count": {"0"}}, counts=lambda line: line.order % 20 != 0, lines=SINGLE),
    Wild("pipe_without_names", {
        "a": on("%d%m%Y"), "b": customer("{:07}"), "c": comma, "d": fixed("F12")}, {"timestamp": "1", "customer_id": "2", "amount": "3"}, {"date_format": "%d%m%Y", "decimal": ","}, delimiter="|", header=False),
)  # fmt: skip
