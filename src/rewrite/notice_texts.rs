//! Every sentence of our notices, in one place per language.

use super::notice::Reason;
use crate::domain::Language;

/// The sentences of one language.
#[derive(Debug)]
pub(super) struct NoticeTexts {
    /// Subject: refused for good, or given up.
    pub failed_subject: &'static str,
    /// Subject: still tried.
    pub delayed_subject: &'static str,
    /// Subject: one of several recipients does not get it.
    pub not_passed_on_subject: &'static str,
    /// Which order, inside a sentence; `{order}`.
    pub about: &'static str,
    /// Refused for good; `{name}`, `{about}`.
    pub failed: &'static str,
    /// Given up; also `{time}`.
    pub expired: &'static str,
    /// What to do then; `{name}`, `{marketplace}`.
    pub failed_todo: &'static str,
    /// Still tried.
    pub delayed: &'static str,
    /// What to do then.
    pub delayed_todo: &'static str,
    /// Before a reason; `{alias}`.
    pub not_passed_on: &'static str,
    not_registered: &'static str,
    order_closed: &'static str,
    unreachable: &'static str,
    opted_out: &'static str,
    messaging_off: &'static str,
    suspended: &'static str,
    name_the_order: &'static str,
    unknown: &'static str,
    rules: &'static str,
    unsafe_: &'static str,
    /// Who wrote this; `{marketplace}`.
    pub machine: &'static str,
}

impl NoticeTexts {
    pub fn of(language: Language) -> &'static Self {
        language.pick([&EN, &DE, &FR, &ES, &IT, &PT, &NL, &PL, &JA])
    }

    /// Why a recipient does not get a message, and what to do; may hold `{marketplace}`.
    pub fn reason(&self, reason: Reason) -> &'static str {
        match reason {
            Reason::NotRegistered => self.not_registered,
            Reason::OrderClosed => self.order_closed,
            Reason::Unreachable => self.unreachable,
            Reason::OptedOut => self.opted_out,
            Reason::MessagingOff => self.messaging_off,
            Reason::Suspended => self.suspended,
            Reason::NameTheOrder => self.name_the_order,
            Reason::Unknown => self.unknown,
            Reason::Rules => self.rules,
            Reason::Unsafe => self.unsafe_,
        }
    }
}

const EN: NoticeTexts = NoticeTexts {
    failed_subject: "Your message was not delivered",
    delayed_subject: "Your message has not arrived yet",
    not_passed_on_subject: "Your message did not go to everyone",
    about: " about order {order}",
    failed: "Your message to {name}{about} could not be delivered: the mail system on the other side refused it. {name} has not seen it.",
    expired: "Your message to {name}{about} could not be delivered. We tried for {time} and have stopped. {name} has not seen it.",
    failed_todo: "What you can do: send it again later, or reach {name} through {marketplace}.",
    delayed: "Your message to {name}{about} has not been delivered yet: the mail system on the other side does not take it at the moment. We keep trying, for {time} in all.",
    delayed_todo: "You need not do anything. We write again only if it can't be delivered.",
    not_passed_on: "You sent one message to several recipients. It was passed on, but not to {alias}. The reason:",
    not_registered: "The address you sent it from is not registered for that recipient. Register it with {marketplace}, or send from the registered one.",
    order_closed: "This order is closed.",
    unreachable: "This person can't be reached here.",
    opted_out: "This buyer takes only answers and what the order needs.",
    messaging_off: "Messages are off for this order, which {marketplace} ships.",
    suspended: "Your account may not send messages at the moment. {marketplace} can tell you why.",
    name_the_order: "Name the order: write to the address with +ORDER before the @, or put the order id in the subject.",
    unknown: "There is no such address here.",
    rules: "It has something that is not allowed here. Change this and send it again:",
    unsafe_: "It could not be made safe to pass on. Write it again as plain text, without what it quotes.",
    machine: "This mail was written by the mail system of {marketplace}.",
};

const DE: NoticeTexts = NoticeTexts {
    failed_subject: "Ihre Nachricht wurde nicht zugestellt",
    delayed_subject: "Ihre Nachricht ist noch nicht angekommen",
    not_passed_on_subject: "Ihre Nachricht ging nicht an alle",
    about: " zur Bestellung {order}",
    failed: "Ihre Nachricht an {name}{about} konnte nicht zugestellt werden: Das Mailsystem der Gegenseite hat sie abgelehnt. {name} hat sie nicht gesehen.",
    expired: "Ihre Nachricht an {name}{about} konnte nicht zugestellt werden. Wir haben es {time} lang versucht und geben nun auf. {name} hat sie nicht gesehen.",
    failed_todo: "Was Sie tun können: Senden Sie sie später noch einmal, oder erreichen Sie {name} über {marketplace}.",
    delayed: "Ihre Nachricht an {name}{about} ist noch nicht zugestellt: Das Mailsystem der Gegenseite nimmt sie zurzeit nicht an. Wir versuchen es weiter, insgesamt {time} lang.",
    delayed_todo: "Sie müssen nichts tun. Wir schreiben nur dann noch einmal, wenn sie nicht zugestellt werden kann.",
    not_passed_on: "Sie haben eine Nachricht an mehrere Empfänger gesendet. Sie wurde weitergeleitet, aber nicht an {alias}. Der Grund:",
    not_registered: "Die Adresse, von der Sie gesendet haben, ist für diesen Empfänger nicht registriert. Registrieren Sie sie bei {marketplace}, oder senden Sie von der registrierten.",
    order_closed: "Diese Bestellung ist abgeschlossen.",
    unreachable: "Diese Person ist hier nicht erreichbar.",
    opted_out: "Dieser Käufer nimmt nur Antworten an und was für die Bestellung nötig ist.",
    messaging_off: "Für diese Bestellung, die {marketplace} versendet, sind Nachrichten abgeschaltet.",
    suspended: "Ihr Konto darf zurzeit keine Nachrichten senden. {marketplace} kann Ihnen sagen, warum.",
    name_the_order: "Nennen Sie die Bestellung: Schreiben Sie an die Adresse mit +BESTELLUNG vor dem @, oder setzen Sie die Bestellnummer in den Betreff.",
    unknown: "Diese Adresse gibt es hier nicht.",
    rules: "Sie enthält etwas, das hier nicht erlaubt ist. Ändern Sie dies und senden Sie sie noch einmal:",
    unsafe_: "Sie konnte nicht sicher weitergeleitet werden. Schreiben Sie sie noch einmal als einfachen Text, ohne Zitate.",
    machine: "Diese Mail hat das Mailsystem von {marketplace} geschrieben.",
};

const FR: NoticeTexts = NoticeTexts {
    failed_subject: "Votre message n'a pas été remis",
    delayed_subject: "Votre message n'est pas encore arrivé",
    not_passed_on_subject: "Votre message n'est pas parvenu à tous",
    about: " au sujet de la commande {order}",
    failed: "Votre message à {name}{about} n'a pas pu être remis : le système de messagerie du destinataire l'a refusé. {name} ne l'a pas vu.",
    expired: "Votre message à {name}{about} n'a pas pu être remis. Nous avons essayé pendant {time} et nous arrêtons. {name} ne l'a pas vu.",
    failed_todo: "Ce que vous pouvez faire : envoyez-le de nouveau plus tard, ou joignez {name} par {marketplace}.",
    delayed: "Votre message à {name}{about} n'est pas encore remis : le système de messagerie du destinataire ne l'accepte pas pour le moment. Nous continuons d'essayer, {time} en tout.",
    delayed_todo: "Vous n'avez rien à faire. Nous n'écrirons de nouveau que s'il ne peut pas être remis.",
    not_passed_on: "Vous avez envoyé un message à plusieurs destinataires. Il a été transmis, mais pas à {alias}. La raison :",
    not_registered: "L'adresse d'où vous l'avez envoyé n'est pas enregistrée pour ce destinataire. Enregistrez-la auprès de {marketplace}, ou écrivez depuis l'adresse enregistrée.",
    order_closed: "Cette commande est close.",
    unreachable: "Cette personne n'est pas joignable ici.",
    opted_out: "Cet acheteur n'accepte que les réponses et ce que la commande exige.",
    messaging_off: "Les messages sont désactivés pour cette commande, expédiée par {marketplace}.",
    suspended: "Votre compte ne peut pas envoyer de messages en ce moment. {marketplace} peut vous dire pourquoi.",
    name_the_order: "Indiquez la commande : écrivez à l'adresse avec +COMMANDE avant le @, ou mettez le numéro de commande dans l'objet.",
    unknown: "Cette adresse n'existe pas ici.",
    rules: "Il contient quelque chose qui n'est pas autorisé ici. Changez ceci et envoyez-le de nouveau :",
    unsafe_: "Il n'a pas pu être rendu sûr pour être transmis. Écrivez-le de nouveau en texte simple, sans citation.",
    machine: "Ce message a été écrit par le système de messagerie de {marketplace}.",
};

const ES: NoticeTexts = NoticeTexts {
    failed_subject: "Su mensaje no se entregó",
    delayed_subject: "Su mensaje aún no ha llegado",
    not_passed_on_subject: "Su mensaje no llegó a todos",
    about: " sobre el pedido {order}",
    failed: "Su mensaje a {name}{about} no se pudo entregar: el sistema de correo de la otra parte lo rechazó. {name} no lo ha visto.",
    expired: "Su mensaje a {name}{about} no se pudo entregar. Lo intentamos durante {time} y hemos dejado de hacerlo. {name} no lo ha visto.",
    failed_todo: "Qué puede hacer: envíelo de nuevo más tarde, o contacte con {name} a través de {marketplace}.",
    delayed: "Su mensaje a {name}{about} aún no se ha entregado: el sistema de correo de la otra parte no lo acepta en este momento. Seguimos intentándolo, {time} en total.",
    delayed_todo: "No tiene que hacer nada. Solo volveremos a escribir si no se puede entregar.",
    not_passed_on: "Envió un mensaje a varios destinatarios. Se transmitió, pero no a {alias}. El motivo:",
    not_registered: "La dirección desde la que lo envió no está registrada para ese destinatario. Regístrela en {marketplace}, o escriba desde la registrada.",
    order_closed: "Este pedido está cerrado.",
    unreachable: "Aquí no se puede contactar con esta persona.",
    opted_out: "Este comprador solo acepta respuestas y lo que el pedido necesita.",
    messaging_off: "Los mensajes están desactivados para este pedido, que envía {marketplace}.",
    suspended: "Su cuenta no puede enviar mensajes en este momento. {marketplace} puede decirle por qué.",
    name_the_order: "Indique el pedido: escriba a la dirección con +PEDIDO antes de la @, o ponga el número de pedido en el asunto.",
    unknown: "Aquí no existe esa dirección.",
    rules: "Contiene algo que aquí no está permitido. Cambie esto y envíelo de nuevo:",
    unsafe_: "No se pudo hacer seguro para transmitirlo. Escríbalo de nuevo como texto simple, sin citas.",
    machine: "Este correo lo escribió el sistema de correo de {marketplace}.",
};

const IT: NoticeTexts = NoticeTexts {
    failed_subject: "Il suo messaggio non è stato consegnato",
    delayed_subject: "Il suo messaggio non è ancora arrivato",
    not_passed_on_subject: "Il suo messaggio non è arrivato a tutti",
    about: " sull'ordine {order}",
    failed: "Il suo messaggio a {name}{about} non è stato consegnato: il sistema di posta dell'altra parte l'ha rifiutato. {name} non l'ha visto.",
    expired: "Il suo messaggio a {name}{about} non è stato consegnato. Abbiamo provato per {time} e abbiamo smesso. {name} non l'ha visto.",
    failed_todo: "Che cosa può fare: lo invii di nuovo più tardi, oppure contatti {name} tramite {marketplace}.",
    delayed: "Il suo messaggio a {name}{about} non è ancora stato consegnato: al momento il sistema di posta dell'altra parte non lo accetta. Continuiamo a provare, in tutto per {time}.",
    delayed_todo: "Non deve fare nulla. Le scriveremo di nuovo solo se non può essere consegnato.",
    not_passed_on: "Ha inviato un messaggio a più destinatari. È stato inoltrato, ma non a {alias}. Il motivo:",
    not_registered: "L'indirizzo da cui l'ha inviato non è registrato per quel destinatario. Lo registri presso {marketplace}, oppure scriva da quello registrato.",
    order_closed: "Questo ordine è chiuso.",
    unreachable: "Questa persona non è raggiungibile qui.",
    opted_out: "Questo acquirente accetta solo risposte e ciò che serve all'ordine.",
    messaging_off: "I messaggi sono disattivati per questo ordine, spedito da {marketplace}.",
    suspended: "Al momento il suo account non può inviare messaggi. {marketplace} può dirle perché.",
    name_the_order: "Indichi l'ordine: scriva all'indirizzo con +ORDINE prima della @, oppure metta il numero d'ordine nell'oggetto.",
    unknown: "Questo indirizzo qui non esiste.",
    rules: "Contiene qualcosa che qui non è consentito. Cambi questo e lo invii di nuovo:",
    unsafe_: "Non è stato possibile renderlo sicuro per l'inoltro. Lo scriva di nuovo come testo semplice, senza citazioni.",
    machine: "Questa e-mail è stata scritta dal sistema di posta di {marketplace}.",
};

const PT: NoticeTexts = NoticeTexts {
    failed_subject: "A sua mensagem não foi entregue",
    delayed_subject: "A sua mensagem ainda não chegou",
    not_passed_on_subject: "A sua mensagem não chegou a todos",
    about: " sobre o pedido {order}",
    failed: "A sua mensagem para {name}{about} não pôde ser entregue: o sistema de e-mail do outro lado recusou-a. {name} não a viu.",
    expired: "A sua mensagem para {name}{about} não pôde ser entregue. Tentámos durante {time} e parámos. {name} não a viu.",
    failed_todo: "O que pode fazer: envie-a de novo mais tarde, ou contacte {name} através de {marketplace}.",
    delayed: "A sua mensagem para {name}{about} ainda não foi entregue: o sistema de e-mail do outro lado não a aceita neste momento. Continuamos a tentar, {time} no total.",
    delayed_todo: "Não precisa de fazer nada. Só voltamos a escrever se não puder ser entregue.",
    not_passed_on: "Enviou uma mensagem a vários destinatários. Foi encaminhada, mas não para {alias}. O motivo:",
    not_registered: "O endereço de onde a enviou não está registado para esse destinatário. Registe-o em {marketplace}, ou escreva do endereço registado.",
    order_closed: "Este pedido está fechado.",
    unreachable: "Esta pessoa não pode ser contactada aqui.",
    opted_out: "Este comprador só aceita respostas e o que o pedido exige.",
    messaging_off: "As mensagens estão desligadas para este pedido, que {marketplace} envia.",
    suspended: "A sua conta não pode enviar mensagens neste momento. {marketplace} pode dizer-lhe porquê.",
    name_the_order: "Indique o pedido: escreva para o endereço com +PEDIDO antes do @, ou ponha o número do pedido no assunto.",
    unknown: "Esse endereço não existe aqui.",
    rules: "Contém algo que não é permitido aqui. Mude isto e envie-a de novo:",
    unsafe_: "Não foi possível torná-la segura para encaminhar. Escreva-a de novo como texto simples, sem citações.",
    machine: "Este e-mail foi escrito pelo sistema de e-mail de {marketplace}.",
};

const NL: NoticeTexts = NoticeTexts {
    failed_subject: "Uw bericht is niet bezorgd",
    delayed_subject: "Uw bericht is nog niet aangekomen",
    not_passed_on_subject: "Uw bericht ging niet naar iedereen",
    about: " over bestelling {order}",
    failed: "Uw bericht aan {name}{about} kon niet worden bezorgd: het mailsysteem van de andere kant heeft het geweigerd. {name} heeft het niet gezien.",
    expired: "Uw bericht aan {name}{about} kon niet worden bezorgd. We hebben het {time} geprobeerd en zijn gestopt. {name} heeft het niet gezien.",
    failed_todo: "Wat u kunt doen: stuur het later opnieuw, of bereik {name} via {marketplace}.",
    delayed: "Uw bericht aan {name}{about} is nog niet bezorgd: het mailsysteem van de andere kant neemt het nu niet aan. We blijven het proberen, in totaal {time}.",
    delayed_todo: "U hoeft niets te doen. We schrijven alleen opnieuw als het niet kan worden bezorgd.",
    not_passed_on: "U stuurde één bericht aan meerdere ontvangers. Het is doorgestuurd, maar niet aan {alias}. De reden:",
    not_registered: "Het adres waarvan u het stuurde is niet geregistreerd voor die ontvanger. Registreer het bij {marketplace}, of stuur vanaf het geregistreerde adres.",
    order_closed: "Deze bestelling is gesloten.",
    unreachable: "Deze persoon is hier niet bereikbaar.",
    opted_out: "Deze koper neemt alleen antwoorden aan en wat voor de bestelling nodig is.",
    messaging_off: "Berichten staan uit voor deze bestelling, die {marketplace} verzendt.",
    suspended: "Uw account mag nu geen berichten sturen. {marketplace} kan u zeggen waarom.",
    name_the_order: "Noem de bestelling: schrijf naar het adres met +BESTELLING voor de @, of zet het bestelnummer in het onderwerp.",
    unknown: "Dat adres bestaat hier niet.",
    rules: "Er staat iets in dat hier niet is toegestaan. Verander dit en stuur het opnieuw:",
    unsafe_: "Het kon niet veilig worden doorgestuurd. Schrijf het opnieuw als gewone tekst, zonder citaten.",
    machine: "Deze mail is geschreven door het mailsysteem van {marketplace}.",
};

const PL: NoticeTexts = NoticeTexts {
    failed_subject: "Twoja wiadomość nie została doręczona",
    delayed_subject: "Twoja wiadomość jeszcze nie dotarła",
    not_passed_on_subject: "Twoja wiadomość nie dotarła do wszystkich",
    about: " w sprawie zamówienia {order}",
    failed: "Nie udało się doręczyć wiadomości{about} (odbiorca: {name}): system pocztowy drugiej strony ją odrzucił. Odbiorca jej nie widział.",
    expired: "Nie udało się doręczyć wiadomości{about} (odbiorca: {name}). Próbowaliśmy przez {time} i przestaliśmy. Odbiorca jej nie widział.",
    failed_todo: "Co można zrobić: wyślij ją później jeszcze raz albo skontaktuj się z odbiorcą ({name}) przez {marketplace}.",
    delayed: "Wiadomość{about} (odbiorca: {name}) nie została jeszcze doręczona: system pocztowy drugiej strony na razie jej nie przyjmuje. Próbujemy dalej, łącznie przez {time}.",
    delayed_todo: "Nie trzeba nic robić. Napiszemy ponownie tylko wtedy, gdy nie uda się jej doręczyć.",
    not_passed_on: "Wysłano jedną wiadomość do kilku odbiorców. Została przekazana, ale nie na adres {alias}. Powód:",
    not_registered: "Adres, z którego ją wysłano, nie jest zarejestrowany dla tego odbiorcy. Zarejestruj go w {marketplace} albo wyślij z adresu zarejestrowanego.",
    order_closed: "To zamówienie jest zamknięte.",
    unreachable: "Z tą osobą nie można się tu skontaktować.",
    opted_out: "Ten kupujący przyjmuje tylko odpowiedzi i to, czego wymaga zamówienie.",
    messaging_off: "Wiadomości są wyłączone dla tego zamówienia, które wysyła {marketplace}.",
    suspended: "Twoje konto nie może teraz wysyłać wiadomości. {marketplace} może powiedzieć dlaczego.",
    name_the_order: "Podaj zamówienie: napisz na adres z +ZAMÓWIENIE przed @ albo wpisz numer zamówienia w temacie.",
    unknown: "Nie ma tu takiego adresu.",
    rules: "Zawiera coś, co nie jest tu dozwolone. Zmień to i wyślij ją jeszcze raz:",
    unsafe_: "Nie dało się jej bezpiecznie przekazać. Napisz ją jeszcze raz zwykłym tekstem, bez cytatów.",
    machine: "Tę wiadomość napisał system pocztowy {marketplace}.",
};

const JA: NoticeTexts = NoticeTexts {
    failed_subject: "メッセージを配信できませんでした",
    delayed_subject: "メッセージはまだ届いていません",
    not_passed_on_subject: "メッセージは一部の宛先に届いていません",
    about: "（ご注文 {order} について）",
    failed: "{name} さんへのメッセージ{about}を配信できませんでした。相手側のメールシステムが受け取りを拒否しました。{name} さんはこのメッセージを見ていません。",
    expired: "{name} さんへのメッセージ{about}を配信できませんでした。{time} の間試みましたが、中止しました。{name} さんはこのメッセージを見ていません。",
    failed_todo: "しばらくしてからもう一度送信するか、{marketplace} を通じて {name} さんにご連絡ください。",
    delayed: "{name} さんへのメッセージ{about}はまだ配信されていません。相手側のメールシステムが現在受け取っていません。合計 {time} の間、引き続き試みます。",
    delayed_todo: "何もしていただく必要はありません。配信できない場合にのみ、もう一度お知らせします。",
    not_passed_on: "一通のメッセージを複数の宛先に送信されました。転送されましたが、{alias} には転送されていません。理由：",
    not_registered: "送信元のアドレスは、この宛先に対して登録されていません。{marketplace} に登録するか、登録済みのアドレスから送信してください。",
    order_closed: "この注文は終了しています。",
    unreachable: "この方にはここでは連絡できません。",
    opted_out: "この購入者は、返信と注文に必要な連絡のみを受け取ります。",
    messaging_off: "この注文は {marketplace} が発送するため、メッセージは無効になっています。",
    suspended: "現在、あなたのアカウントからはメッセージを送信できません。理由は {marketplace} にお問い合わせください。",
    name_the_order: "注文を示してください。@ の前に +注文番号 を付けたアドレスに送信するか、件名に注文番号を入れてください。",
    unknown: "そのようなアドレスはここにはありません。",
    rules: "ここでは許可されていない内容が含まれています。次の内容を直して、もう一度送信してください：",
    unsafe_: "安全に転送できませんでした。引用を付けずに、テキスト形式でもう一度お書きください。",
    machine: "このメールは {marketplace} のメールシステムが作成しました。",
};
