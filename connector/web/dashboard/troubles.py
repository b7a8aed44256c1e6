"""What an act says when it could not be done, in the reader's language: by its kind, else by its class.

The acts' own sentences are English and speak of the command line's options; a page speaks of what is on it. A
kind that is not here is told by its class: never a sentence in another language than the page's.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from connector.errors import ConnectorError

Sentence = tuple[str, str]  # what is wrong, and what to do about it

#: By `ConnectorError.kind`: Swedish, then English.
KINDS: Final[Mapping[str, tuple[Sentence, Sentence]]] = {
    "address_own_way": (
        ("En adress rättas för sig: nej som personen har sagt måste följa med.", "Ange den nya adressen."),
        ("An address is corrected in its own way: noes have to follow it.", "Give the new address."),
    ),
    "address_taken": (
        ("En annan person har den adressen.", "Är det samma person: slå ihop posterna i HubSpot."),
        ("Another person has this address.", "If both are one person, merge their records in HubSpot."),
    ),
    "address_unusable": (
        ("Adressen går inte att använda.", "Be personen om en annan, eller låt personen anmäla sig själv."),
        ("This address cannot be used.", "Ask the person for another one, or let them sign up themselves."),
    ),
    "correction_waits": (
        ("HubSpot visar inte rättelsen än.", "Du behöver inte göra något: försöket upprepas av sig självt."),
        ("HubSpot does not show the correction yet.", "Nothing to do: it is tried again by itself."),
    ),
    "erasure_too_far": (
        ("Raderingen har gått för långt för att tas tillbaka.", "Den fortsätter av sig själv."),
        ("The erasure has gone too far to be taken back.", "It goes on by itself."),
    ),
    "erasure_waits_legal_hold": (
        ("Raderingen väntar: uppgifterna behövs för ett rättsligt anspråk.", "Ta bort det när det är slut."),
        ("The erasure waits: a legal claim needs the data.", "Take the hold off when its reason has ended."),
    ),
    "erasure_waits_exception": (
        ("Raderingen väntar: något måste sparas.", "Två personer avgör det under Att avgöra."),
        ("The erasure waits: something has to be kept.", "Two people decide it under To decide."),
    ),
    "erasure_waits_breaker": (
        ("Raderingen väntar: det är för många på en gång.", "Två personer avgör det under Att avgöra."),
        ("The erasure waits: there are too many at once.", "Two people decide it under To decide."),
    ),
    "erasure_waits_other_address": (
        ("Raderingen väntar: HubSpot visar nu en annan adress.", "Se efter vem det är, radera sedan igen."),
        ("The erasure waits: HubSpot shows another address now.", "Look who it is, then erase again."),
    ),
    "erasure_waits_live_contact": (
        ("Raderingen väntar: HubSpot har kvar en post.", "Två personer avgör det under Att avgöra."),
        ("The erasure waits: HubSpot still has a record.", "Two people decide it under To decide."),
    ),
    "extended_before": (
        ("Den har redan förlängts.", "Besvara den senast sin dag."),
        ("It was extended before.", "Answer it by its day."),
    ),
    "file_not_destroyed": (
        ("Filen är inte den som skrevs, eller finns inte på sin plats.", "Leta efter den först."),
        ("The file is not the one that was written, or is not there.", "Look for it first."),
    ),
    "file_not_written": (
        ("Filen kunde inte skrivas på servern.", "Be den som driver tjänsten att se efter."),
        ("The file could not be written on the server.", "Ask whoever runs the service to look."),
    ),
    "first_push_gate": (
        ("Inget skrivs till HubSpot innan den första skrivningen är bekräftad.", "Se under Till HubSpot."),
        ("Nothing is written to HubSpot before the first push was confirmed.", "See To HubSpot."),
    ),
    "invalidated_before": (
        ("Texten är redan underkänd.", "Inget behöver göras."),
        ("This wording was invalidated before.", "Nothing to do."),
    ),
    "is_a_notice": (
        ("Det är integritetsinformation; samtycken vilar på samtyckestexter.", "Välj en samtyckestext."),
        ("That is a notice; consents stand on wordings.", "Choose a wording."),
    ),
    "list_gone": (
        ("Listan finns inte i HubSpot längre.", "Skapa den igen eller sluta hålla den i takt."),
        ("The list is not in HubSpot any more.", "Make it anew, or keep it in step no more."),
    ),
    "list_not_ours": (
        ("HubSpot har en lista med det namnet som inte är vår.", "Välj ett annat namn."),
        ("HubSpot has a list of this name that is not ours.", "Take another name."),
    ),
    "list_of_another": (
        ("Listan hör till ett annat ändamål.", "Välj ett annat namn."),
        ("The list belongs to another purpose.", "Take another name."),
    ),
    "list_with_date": (
        ("En lista som hålls i takt kan inte ha en gräns i tid.", "Lämna åldern tom."),
        ("A list that is kept in step cannot have a limit in time.", "Leave the age empty."),
    ),
    "live_again": (
        ("Personen har en aktiv post i HubSpot igen.", "Svara nej, eller radera personen på dess sida."),
        ("The person has a live record in HubSpot again.", "Reject it, or erase them on their page."),
    ),
    "log_broken": (
        ("Loggen är inte vad den var.", "Kontrollera den, och jämför med kopior av kontrollpunkter."),
        ("The log is not what it was.", "Verify it under Log, and compare with copies of checkpoints."),
    ),
    "may_not_decide": (
        ("Användaren får inte avgöra detta.", "Det krävs rollen dataskyddsansvarig."),
        ("This user may not decide it.", "It takes the role data protection."),
    ),
    "month_over": (
        ("Den första månaden är slut: en förlängning ska meddelas inom den.", "Svara nu och skriv varför."),
        ("The first month is over: an extension has to be told within it.", "Answer now, and say why."),
    ),
    "motive_needed": (
        ("Ett motiv behövs.", "Skriv varför åtkomsten behövs."),
        ("A motive is needed.", "Say why this access is needed."),
    ),
    "ended_before": (
        ("Samtycket skulle ha slutat innan det gavs.", "Ange en senare dag, eller lämna fältet tomt."),
        ("It would have ended before it was given.", "Give a later day, or leave the field empty."),
    ),
    "file_too_large": (
        ("En fil över 1 MiB sparas inte här.", "Spara den i ert arkiv, och registrera den utan att spara."),
        ("A file of more than 1 MiB is not kept here.", "Keep it in your archive, and record it unkept."),
    ),
    "letter_stopped": (
        ("Inget skickas till den här personen.", "Lämna det på annat sätt."),
        ("Nothing is sent to this person.", "Hand it over in another way."),
    ),
    "no_breaker": (
        ("Ingen säkring har löst ut.", "Inget behöver göras."),
        ("No breaker is open.", "Nothing to do."),
    ),
    "no_number": (
        ("Det är inget antal personer.", "Skriv ett tal, som 50."),
        ("That is no number of people.", "Write a number such as 50."),
    ),
    "no_receipt": (
        ("Det finns inget samtycke att skicka underlag för.", "Se på personens sida vad som gäller."),
        ("There is no consent to send a receipt of.", "See on the person's page how things stand."),
    ),
    "no_sale": (
        ("Ett köp av liknande vara behöver sitt ordernummer (MFL 19 §).", "Ange ordernumret."),
        ("A soft opt-in rests on a sale (MFL 19 §).", "Give the order's number."),
    ),
    "no_such_actor": (
        ("Ingen är nämnd som den som handlade.", "Välj vems handling det var."),
        ("Nobody is named who acted.", "Choose whose act it was."),
    ),
    "not_ticked": (
        ("Rutan är inte ikryssad.", "Läs vad som kommer att göras, och kryssa sedan i den."),
        ("The box is not ticked.", "Read what will be done, then tick it."),
    ),
    "yes_names_one": (
        ("Ett ja gäller ett ändamål.", "Välj ett ändamål."),
        ("A yes is a yes to one purpose.", "Choose a purpose."),
    ),
    "no_address": (
        ("Det är ingen e-postadress.", "Skriv en adress, till exempel namn@exempel.se."),
        ("That is not one e-mail address.", "Write one address, such as name@example.com."),
    ),
    "no_address_now": (
        ("Personen har ingen adress nu.", "Använd kommandoraden."),
        ("The person has no address now.", "Use the command line."),
    ),
    "no_dry_run": (
        ("Ingen provkörning har visats än.", "Titta på provkörningen först."),
        ("No dry run was shown yet.", "Look at the dry run first."),
    ),
    "no_font": (
        ("Ett tecken finns inte i något teckensnitt på servern, och PDF/A tillåter inte det.", "Välj HTML."),
        ("A sign of the text is in no font of the server, and PDF/A forbids that.", "Choose HTML."),
    ),
    "no_length": (
        ("Det är ingen tidslängd.", "Skriv till exempel 12 months eller 90 days."),
        ("That is no length of time.", "Write 12 months or 90 days."),
    ),
    "no_notice": (
        ("Det finns ingen integritetsinformation att skicka.", "Lägg in texten i inställningarna."),
        ("There is no notice to send.", "Name its file in the configuration."),
    ),
    "no_open_request": (
        ("Det finns ingen öppen begäran med det numret.", "Gå tillbaka till listan."),
        ("There is no open request with this number.", "Go back to the list."),
    ),
    "no_public_url": (
        ("Länkar behöver adressen som personer når sidorna på.", "Ange public_url i inställningarna."),
        ("Links need the address of the people's pages.", "Set public_url in the configuration."),
    ),
    "no_record": (
        ("HubSpot har ingen post för personen.", "Läs in HubSpot igen, eller rätta i registret."),
        ("HubSpot has no record of this person.", "Read HubSpot again, or correct it in the mirror."),
    ),
    "no_report": (
        ("Det finns ingen sparad rapport från den natten.", "Välj en av nätterna i listan."),
        ("No report of that night is stored.", "Choose one of the nights in the list."),
    ),
    "no_such_choice": (
        ("Det valet finns inte.", "Välj ett av dem som finns på sidan."),
        ("There is no such choice.", "Choose one of those on the page."),
    ),
    "no_such_evidence": (
        ("Ingen sådan fil är sparad för personen.", "Se underlaget på personens sida."),
        ("No such file is kept for this person.", "See the receipt on their page."),
    ),
    "no_such_file": (
        ("Det finns ingen fil med det numret.", "Gå tillbaka till listan."),
        ("There is no file with this number.", "Go back to the list."),
    ),
    "no_such_no": (
        ("Inget nej har den beteckningen.", "Välj ett nej i personens tidslinje."),
        ("No withdrawal, refusal or objection has this id.", "Choose a no in the person's time line."),
    ),
    "no_such_property": (
        ("HubSpot har ingen egenskap med det namnet.", "Använd det interna namnet i HubSpot."),
        ("HubSpot has no contact property of this name.", "Use the internal name of HubSpot's settings."),
    ),
    "no_such_purpose": (
        ("Det ändamålet finns inte.", "Välj ett i listan."),
        ("There is no such purpose.", "Choose one of the list."),
    ),
    "no_such_question": (
        ("Det finns ingen sådan fråga.", "Gå tillbaka till listan."),
        ("There is no such question.", "Go back to the list."),
    ),
    "no_such_reference": (
        ("Ingen här har den referensen.", "Sök på adressen."),
        ("Nobody here has this reference.", "Search by address."),
    ),
    "no_such_request": (
        ("Det finns ingen sådan begäran.", "Gå tillbaka till listan."),
        ("There is no such request.", "Go back to the list."),
    ),
    "no_such_user_here": (
        ("Det finns ingen sådan användare.", "Ladda sidan igen."),
        ("There is no such user.", "Load the page again."),
    ),
    "no_such_wording": (
        ("Ingen eller flera texter har den beteckningen.", "Gå tillbaka till listan."),
        ("No wording, or more than one, has this hash.", "Go back to the list."),
    ),
    "no_time": (
        ("Det är ingen tidpunkt.", "Skriv till exempel 2026-11-24 eller 2026-11-24 14:30."),
        ("That is no time.", "Write 2026-11-24, or 2026-11-24 14:30."),
    ),
    "nobody": (
        ("Ingen med den adressen finns i registret.", "Sök på adressen, eller läs in HubSpot igen."),
        ("Nobody with this address is in the mirror.", "Search by address, or read HubSpot again."),
    ),
    "nobody_anywhere": (
        ("Ingen med den adressen finns i registret eller i HubSpot.", "Kontrollera adressen."),
        ("Nobody with this address is in the mirror or in HubSpot.", "Check the address."),
    ),
    "nobody_restricted": (
        ("Ingen här är begränsad.", "Se personens sida."),
        ("Nobody here is restricted.", "See the person's page."),
    ),
    "not_carried_out": (
        ("Begäran är inte utförd.", "Utför den först."),
        ("It was not carried out.", "Carry it out first."),
    ),
    "nothing_to_correct": (
        ("Det framgår inte vad som ska rättas.", "Ange egenskapen och det rätta värdet, eller en ny adress."),
        ("What is to be corrected is not said.", "Say the property with its value, or a new address."),
    ),
    "notice_lacks": (
        ("Integritetsinformationen saknar något som lagen kräver.", "Rätta texten."),
        ("The notice lacks something that the law asks for.", "Mend the text."),
    ),
    "payload_broken": (
        ("En post om personen går inte att öppna: den är ändrad eller flyttad.", "Kontrollera loggen."),
        ("A payload of this person does not open: it was edited or moved.", "Verify the log."),
    ),
    "pdf_not_set": (
        ("PDF-filen kunde inte skapas.", "Välj HTML."),
        ("The PDF could not be set.", "Choose HTML."),
    ),
    "reason_needed": (
        ("Ett skäl behövs.", "Skriv varför; det står i loggen."),
        ("A reason is needed.", "Say why, for the log."),
    ),
    "refusal_reason": (
        ("Ett avslag behöver sitt skäl: personen får veta det (art. 12.4).", "Skriv skälet."),
        ("A refusal needs its reason: the person is told it (Art. 12(4)).", "Write the reason."),
    ),
    "request_settled": (
        ("Begäran är redan besvarad.", "Gå tillbaka till listan."),
        ("The request is settled.", "Go back to the list."),
    ),
    "retention_property": (
        ("HubSpot saknar en egenskap som en gallringsregel räknar från.", "Rätta inställningen."),
        ("HubSpot lacks a property that a retention rule counts from.", "Correct the configuration."),
    ),
    "review_past": (
        ("Dagen för nästa genomgång har redan varit.", "Välj en senare dag."),
        ("The day to look at it again has to come.", "Choose a later day."),
    ),
    "same_address": (
        ("Det är redan personens adress.", "Inget behöver göras."),
        ("That is the address already.", "Nothing to do."),
    ),
    "shared": (
        ("Flera personer delar adressen, och det är inte klart vem som menas.", "Ta reda på vem som frågar."),
        ("Several people share this address: it is not clear who is meant.", "Find out who asks."),
    ),
    "shared_report": (
        ("Flera personer delar adressen: ett utdrag om en visar de andra.", "Använd personens egen."),
        ("Several people share this address: a report tells about all.", "Use an address that is one's own."),
    ),
    "shared_yes": (
        ("Flera personer använder adressen, och ett ja är en persons.", "Säg vem som sade det."),
        ("Several people use this address, and a yes is one person's.", "Say whose it was."),
    ),
    "suppressed": (
        ("Adressen är spärrad.", "Personen kan själv anmäla sig igen."),
        ("This address is on the suppression list.", "The person can sign up again themselves."),
    ),
    "this_is_you": (
        ("Det här är du.", "En annan administratör kan göra det."),
        ("This is you.", "Another admin may do it."),
    ),
    "time_to_come": (
        ("Den tiden har inte kommit än.", "Registrera det när det har hänt."),
        ("That time has not come yet.", "Record an act once it has happened."),
    ),
    "too_few_deciders": (
        ("Två personer krävs; färre än två får avgöra det.", "Be en administratör lägga till en."),
        ("This needs two people, and fewer than two users may decide it.", "Ask an admin to add one."),
    ),
    "too_many_documents": (
        ("Flera av dina dokument görs fortfarande.", "Vänta tills ett är klart."),
        ("Several of your documents are still being made.", "Wait until one is done."),
    ),
    "value_too_long": (
        ("Värdet är för långt.", "Korta det."),
        ("The value is too long.", "Shorten it."),
    ),
    "who_is_doubted": (
        ("Det är oklart vem som frågar: inget lämnas ut, ändras eller raderas.", "Kontrollera vem det är."),
        ("It is doubted who asks: nothing is given away or changed.", "Find out who it is."),
    ),
    "wording_no_text": (
        ("Samtyckestexten är ingen text.", "Skriv eller bifoga exakt det som visades."),
        ("The wording is no text.", "Give exactly what was shown."),
    ),
    "worked_out": (
        ("HubSpot räknar ut egenskapen själv eller låter ingen skriva den.", "Rätta det den räknas ut av."),
        ("HubSpot works this property out itself, or lets nobody write it.", "Correct what it comes from."),
    ),
    "wrong_portal": (
        ("HubSpot-nyckeln hör till ett annat konto.", "Använd kontots egen nyckel. Inget har lästs."),
        ("The token belongs to another portal.", "Use the portal's own. Nothing was read."),
    ),
}  # fmt: skip

#: By `ConnectorError.code`, where the kind says nothing that we know.
CLASSES: Final[Mapping[str, tuple[Sentence, Sentence]]] = {
    "configuration": (
        ("Det som skrevs eller en inställning är fel.", "Kontrollera fälten; annars inställningsfilen."),
        ("What was written or a setting is wrong.", "Check the fields, else the configuration."),
    ),
    "refused": (
        ("Det går inte, eller finns inte.", "Gå tillbaka och kontrollera vad det gäller."),
        ("It is not allowed, or not there.", "Go back and check what it is about."),
    ),
    "stopped": (
        ("En säkring har löst ut, eller en person måste avgöra något först.", "Se under Att avgöra."),
        ("A breaker is open, or a person has to decide first.", "See To decide."),
    ),
    "temporary": (
        ("Det går inte just nu.", "Försök igen om en stund."),
        ("It does not work just now.", "Try again in a moment."),
    ),
    "hubspot_busy": (
        ("HubSpot ber oss vänta.", "Försök igen om en stund."),
        ("HubSpot asks us to wait.", "Try again in a moment."),
    ),
    "hubspot_unreachable": (
        ("HubSpot svarar inte.", "Försök igen om en stund. Inget har lämnats halvt."),
        ("HubSpot does not answer.", "Try again in a moment. Nothing was left half done."),
    ),
    "ambiguous_write": (
        ("Det är oklart om HubSpot tog emot det.", "Det läses tillbaka och upprepas av sig självt."),
        ("It is unknown whether HubSpot took it.", "It is read back and repeated by itself."),
    ),
    "database_unavailable": (
        ("Databasen är upptagen eller full. Inget har ändrats.", "Försök igen om en stund."),
        ("The database is busy or full. Nothing was changed.", "Try again in a moment."),
    ),
    "mail_unavailable": (
        ("E-postservern tog inte emot brevet.", "Det skickas igen av sig självt."),
        ("The mail server did not take the letter.", "It is sent again by itself."),
    ),
    "mail_refused": (
        ("E-postservern vägrar att ta emot brevet.", "Kontrollera e-postinställningarna."),
        ("The mail server refuses the letter.", "Check the mail settings."),
    ),
    "server_without_utf8_addresses": (
        ("E-postservern kan inte bära en adress med sådana bokstäver.", "Be om en annan adress."),
        ("The mail server cannot carry an address with such letters.", "Ask for another address."),
    ),
    "hubspot_refused": (
        ("HubSpot nekar: nyckel, behörighet eller abonnemang räcker inte.", "Kör consent-mirror doctor."),
        ("HubSpot refuses: key, scope or plan does not suffice.", "Run consent-mirror doctor."),
    ),
    "request_rejected": (
        ("HubSpot tar inte emot just detta.", "Be den som driver tjänsten att se efter."),
        ("HubSpot does not take this very request.", "Ask whoever runs the service to look."),
    ),
    "pdf": (
        ("PDF-filen kunde inte skapas.", "Välj HTML."),
        ("The PDF could not be set.", "Choose HTML."),
    ),
    "error": (
        ("Något gick fel hos oss.", "Be den som driver tjänsten att se efter."),
        ("Something went wrong with us.", "Ask whoever runs the service to look."),
    ),
}  # fmt: skip


def told(error: ConnectorError, language: str) -> Sentence:
    """What is wrong and what to do, in `sv` or `en`."""
    found = KINDS.get(error.kind) or next(CLASSES[code] for code in _codes(error) if code in CLASSES)
    return found[0 if language == "sv" else 1]


def _codes(error: ConnectorError) -> Iterator[str]:
    """The class's own code, then those of what it is a kind of."""
    for each in type(error).__mro__:
        if issubclass(each, ConnectorError):
            yield each.code
