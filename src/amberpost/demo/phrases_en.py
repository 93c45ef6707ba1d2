"""English text building blocks, one to a line."""

from amberpost.demo.topic import lines, topic

OFFER = topic(
    """
    Quotation {year}-{number} for {product}
    Your enquiry about {product}
    Revised quotation {number}
    Prices for {count} units of {product}
    """,
    """
    thank you for your enquiry of {date}.
    We are pleased to offer {count} units of {product} at EUR {amount} each.
    Delivery takes about {days} working days from receipt of order.
    Prices are net, delivered to {city}, and exclude VAT.
    This quotation remains valid until {date}.
    For orders of more than {count} units we can grant a discount of {percent} per cent.
    Accessories are listed separately so that you can compare them with other offers.
    We would be happy to demonstrate the machine at your workshop in {city}.
    The warranty covers {days} months, wear parts excluded.
    If you need larger quantities, please let me know and I will calculate again.
    Our framework agreement of {year} has been taken into account.
    You can reach me on extension {extension} if anything is unclear.
    The technical data are in the attached sheet.
    """,
    "Quotation_{number}.pdf PriceList_{year}.csv Datasheet_{product}.pdf Terms.docx",
)

INVOICE = topic(
    """
    Invoice {number}
    Payment reminder for invoice {number}
    Question about invoice {number}
    Credit note {number}
    """,
    """
    please find attached our invoice {number} for EUR {amount}.
    Payment is due by {date} without deduction.
    We grant {percent} per cent discount for payment within {days} days.
    According to our records this invoice is still open.
    If your payment has crossed with this message, please disregard it.
    Item {item} does not seem to have been delivered.
    Could you send us a corrected invoice that shows order number {number}?
    We will set off the credit of EUR {amount} against the next shipment.
    Our bank details have not changed.
    The delivery note is enclosed for your records.
    Please quote customer number {number} with your transfer.
    We need the documents by {date} at the latest to close the month.
    """,
    "Invoice_{number}.pdf DeliveryNote_{number}.pdf Statement_{year}.csv",
)

ORDER = topic(
    """
    Purchase order {number}
    Order confirmation {number}
    Delivery date for order {number}
    Shipment of your order {number}
    """,
    """
    we would like to order {count} units of {product} as quoted in {number}.
    We confirm your order and expect to ship on {date}.
    The goods left our warehouse in {city} this morning.
    Unfortunately the delivery will be about {days} days late because a supplier let us down.
    Please deliver to gate {item} and call ahead.
    Two pallets arrived damaged, pictures are attached.
    A part delivery of {count} units could leave at once.
    The tracking number is {tracking}.
    We urgently need the parts by {date}, otherwise production will stop.
    Packaging and pallets can be returned free of charge.
    The remainder will follow with the next lorry.
    A short written confirmation of the date would help us.
    """,
    "Order_{number}.pdf PackingList_{number}.csv Damage_{number}.png",
)

MEETING = topic(
    """
    Minutes of our meeting on {date}
    Agenda: {product}
    Meeting on {date}?
    Notes from the call with {company}
    """,
    """
    here are my notes from our call on {date}.
    Sales, purchasing and engineering took part.
    Turnover with {product} was {percent} per cent above plan last quarter.
    We agreed to clear the warehouse in {city} by {date}.
    It is still open who will give the demonstration at {company}.
    Mr {last} will find out by {date} whether the test house accepts the report.
    The next meeting takes place on {date} at {hour}:00 in the large room.
    Please bring the figures for {year}.
    Item {item} of the agenda was postponed.
    A budget of EUR {amount} has been released.
    Ms {last} reported on the complaints of the last {days} weeks.
    Objections to me by the end of the week, please.
    """,
    "Minutes_{date}.docx Figures_{year}.csv Agenda.txt",
)

SUPPORT = topic(
    """
    [Ticket {number}] {product} does not start
    Fault with {product}
    [Ticket {number}] spare part for {product}
    Complaint {number}
    """,
    """
    our {product} has been stopping after a few minutes since this morning.
    The display shows error code E{item}.
    Please check whether the fuse in the junction box has tripped.
    The serial number is on the plate next to the main switch and begins with {tracking}.
    The spare part is in stock and will leave today.
    An engineer could be with you in {city} on {date} at about {hour}:00.
    After replacing the board the machine runs perfectly again.
    The unit is {days} months old, so it is still under warranty.
    We were able to reproduce the fault on our test bench.
    Could you send us a picture of the wiring?
    We will lend you a machine until yours has been repaired.
    We will close the ticket as soon as you confirm that it works.
    """,
    "ErrorLog_{number}.txt Wiring_{product}.pdf Photo_{number}.png",
)

STAFF = topic(
    """
    Holiday request {date}
    Training for {product}
    Confidential: staffing {year}
    Visit of {company} on {date}
    """,
    """
    I would like to take {days} days off from {date}.
    Mr {last} will stand in for me as agreed.
    I will hand in the certificate later.
    {item} people have applied for the position in customer support.
    The interviews will be held on {date} from {hour}:00.
    The salary band is EUR {amount}, please treat this as confidential.
    The training takes two days and is held in {city}.
    We meet at {hour}:00 in the car park.
    Please sign up by {date}.
    Overtime from spring will be paid out.
    The new colleague starts on {date}.
    """,
    "HolidayRequest.docx Application_{number}.pdf Rota_{year}.csv",
)

PROJECT = topic(
    """
    Project {project}: status
    {project}: release of drawings
    Test report {product}
    {project} - next steps
    """,
    """
    the drawings for {project} are ready for release.
    The prototype survived {days} hours of endurance testing.
    The fit is too tight on {percent} per cent of the housings.
    According to the new calculation the tool costs EUR {amount}.
    The test house in {city} wants an additional noise measurement.
    I suggest that we do not start the series before {date}.
    {company} can offer the castings at a lower price.
    Revision {item} of the specification has been filed.
    The bearing of the shaft has to be reinforced.
    Please let me have your comments by {date}.
    Purchasing is still negotiating the terms of payment.
    """,
    "Drawing_{project}.pdf Readings_{number}.csv Specification_{project}.docx",
)

NEWS = topic(
    """
    Toolmakers weekly, issue {item}
    Your ticket for the fair in {city}
    {percent}% off {product}
    """,
    """
    in this issue we put {product} to the test.
    Our readers have voted: {product} is the tool of the year {year}.
    At the fair in {city} {count} exhibitors present their novelties.
    How to sharpen a saw blade properly.
    Until {date} only: {percent} per cent off everything.
    Read our interview with a master joiner from {city}.
    The new standard for dust extraction applies from {date}.
    """,
)

LIST = topic(
    """
    [drives] [PATCH {item}/9] fix timeout in feed controller
    [drives] regression since {item}.{percent}?
    [drives] RFC: drop support for protocol v1
    [drives] build fails with latest toolchain
    [drives] release {item}.{percent} is out
    """,
    """
    the counter wraps after {count} revolutions, which nobody expected.
    I bisected this to commit {tracking}.
    Could you resend with a proper changelog?
    Works for me on the {product} with firmware {item}.{percent}.
    We should not break existing users without a deprecation period.
    The lock is taken in interrupt context, so this can deadlock.
    Applied, thanks.
    Attached is the log of the failing run.
    Why not simply raise the limit to {amount}?
    Tested on three boards for {days} hours without an error.
    The documentation does not mention this at all.
    I would prefer a separate patch for the cleanup.
    """,
    "dmesg_{number}.txt fix_{number}.txt",
)

GREETINGS = ("Dear {name},", "Hello {first},", "Dear all,", "Hi {first},")

CLOSINGS = ("Kind regards", "Best regards", "Yours sincerely", "Many thanks")

ASIDES = lines(
    """
    Thank you for your quick reply.
    That is fine, let us proceed as discussed.
    I have copied my colleagues.
    Apologies for the late answer.
    See the attachment for details.
    A short note is enough if you agree.
    I will be out of the office on {date}.
    Could we talk about this tomorrow at {hour}:00?
    We will discuss {project} separately.
    It has been raining in {city} for days and the yard is flooded.
    We appreciate the good cooperation.
    I look forward to hearing from you.
    """
)
