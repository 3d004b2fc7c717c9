//! What a party is told of a message that people look at, of violations, and of its account: every
//! sentence in one place per language.

use super::notice::Counted;
use crate::domain::Language;

/// The sentences of one language. `{name}`: the other side; `{about}`: the order, inside of the
/// sentence; `{marketplace}`; `{until}`: a day.
#[derive(Debug)]
pub(super) struct ReviewTexts {
    /// Subject: it waits.
    pub held_subject: &'static str,
    /// It waits for a person.
    pub held: &'static str,
    /// What to do then.
    pub held_todo: &'static str,
    /// Subject: it was not passed on.
    pub rejected_subject: &'static str,
    /// A person decided so.
    pub rejected: &'static str,
    /// Nobody decided in time.
    pub timed_out: &'static str,
    /// Before the reason that a person gave.
    pub reason: &'static str,
    /// Before a list of what rules found.
    pub found: &'static str,
    /// Subject: it was delivered with something taken out.
    pub redacted_subject: &'static str,
    /// The same; a list follows.
    pub redacted: &'static str,
    /// Subject: it was refused.
    pub refused_subject: &'static str,
    /// The same; a list follows.
    pub refused: &'static str,
    /// It did not go to `{alias}`, the only recipient; the reason follows.
    pub refused_to: &'static str,
    /// The first finding of a rule in 30 days.
    pub first: &'static str,
    /// It counts.
    pub strike: &'static str,
    /// Subject: about the account.
    pub account_subject: &'static str,
    /// The step `warning`.
    pub warning: &'static str,
    /// The step `proactive-blocked`; `{until}`.
    pub proactive_blocked: &'static str,
    /// The step `suspended`.
    pub suspended: &'static str,
    /// That step was lifted.
    pub restored: &'static str,
    /// A violation does not count any more.
    pub excused: &'static str,
    /// How to appeal.
    pub appeal: &'static str,
}

impl ReviewTexts {
    pub fn of(language: Language) -> &'static Self {
        language.pick([&EN, &DE, &FR, &ES, &IT, &PT, &NL, &PL, &JA])
    }

    /// What follows for the account.
    pub fn counted(&self, counted: Counted) -> String {
        match counted {
            Counted::First => self.first.to_owned(),
            Counted::Strike => self.strike.to_owned(),
        }
    }
}

const EN: ReviewTexts = ReviewTexts {
    held_subject: "Your message waits for review",
    held: "Your message to {name}{about} has arrived here and waits until a person at {marketplace} has looked at it. {name} has not seen it yet.",
    held_todo: "You need do nothing; please don't send it again. We write again only if it is not passed on.",
    rejected_subject: "Your message was not passed on",
    rejected: "A person at {marketplace} has looked at your message to {name}{about} and decided not to pass it on. {name} has not seen it.",
    timed_out: "Nobody at {marketplace} decided in time about your message to {name}{about}, so it was not passed on. {name} has not seen it.",
    reason: "The reason given:",
    found: "What was found, and what to change:",
    redacted_subject: "Something was taken out of your message",
    redacted: "Your message to {name}{about} goes on, but without what the rules of {marketplace} don't allow. What was taken out, and what to change next time:",
    refused_subject: "Your message was refused",
    refused: "Your message to {name}{about} was refused, and {name} has not seen it. Change this and send it again:",
    refused_to: "Your message to {alias} was not passed on. The reason:",
    first: "This has no further consequence. Found again within 30 days, it counts against your account.",
    strike: "This counts as a strike against your account.",
    account_subject: "About your account for messages",
    warning: "Your messages have broken the rules of {marketplace} several times. This is a warning: if it goes on, messages that are no answers will be refused for a while, and after that your account may be suspended.",
    proactive_blocked: "Your messages have broken the rules of {marketplace} again and again. Until {until} you can answer buyers, but messages that are no answers are refused.",
    suspended: "{marketplace} has suspended your account for messages. Buyers still reach you; a person looks at your answers before they are passed on; other messages are refused.",
    restored: "{marketplace} has restored your account for messages: you can write as before.",
    excused: "{marketplace} has excused a violation of yours: it does not count against your account any more.",
    appeal: "If you think that this is wrong, answer this mail and say why: a person at {marketplace} will look at it again.",
};

const DE: ReviewTexts = ReviewTexts {
    held_subject: "Ihre Nachricht wartet auf Prüfung",
    held: "Ihre Nachricht an {name}{about} ist angekommen und wartet, bis ein Mensch bei {marketplace} sie angesehen hat. {name} hat sie noch nicht gesehen.",
    held_todo: "Sie müssen nichts tun; bitte senden Sie sie nicht noch einmal. Wir schreiben nur dann wieder, wenn sie nicht weitergeleitet wird.",
    rejected_subject: "Ihre Nachricht wurde nicht weitergeleitet",
    rejected: "Ein Mensch bei {marketplace} hat Ihre Nachricht an {name}{about} angesehen und entschieden, sie nicht weiterzuleiten. {name} hat sie nicht gesehen.",
    timed_out: "Über Ihre Nachricht an {name}{about} hat bei {marketplace} niemand rechtzeitig entschieden, deshalb wurde sie nicht weitergeleitet. {name} hat sie nicht gesehen.",
    reason: "Die Begründung:",
    found: "Was gefunden wurde und was zu ändern ist:",
    redacted_subject: "Aus Ihrer Nachricht wurde etwas entfernt",
    redacted: "Ihre Nachricht an {name}{about} geht weiter, aber ohne das, was die Regeln von {marketplace} nicht erlauben. Was entfernt wurde und was beim nächsten Mal zu ändern ist:",
    refused_subject: "Ihre Nachricht wurde abgelehnt",
    refused: "Ihre Nachricht an {name}{about} wurde abgelehnt, {name} hat sie nicht gesehen. Ändern Sie dies und senden Sie sie noch einmal:",
    refused_to: "Ihre Nachricht an {alias} wurde nicht weitergeleitet. Der Grund:",
    first: "Das hat keine weiteren Folgen. Wird es innerhalb von 30 Tagen noch einmal gefunden, zählt es gegen Ihr Konto.",
    strike: "Das zählt als Verstoß gegen Ihr Konto.",
    account_subject: "Zu Ihrem Konto für Nachrichten",
    warning: "Ihre Nachrichten haben mehrmals gegen die Regeln von {marketplace} verstoßen. Dies ist eine Verwarnung: Geht es so weiter, werden Nachrichten, die keine Antworten sind, eine Zeit lang abgelehnt, und danach kann Ihr Konto gesperrt werden.",
    proactive_blocked: "Ihre Nachrichten haben immer wieder gegen die Regeln von {marketplace} verstoßen. Bis {until} können Sie Käufern antworten, aber Nachrichten, die keine Antworten sind, werden abgelehnt.",
    suspended: "{marketplace} hat Ihr Konto für Nachrichten gesperrt. Käufer erreichen Sie weiterhin; Ihre Antworten sieht ein Mensch an, bevor sie weitergeleitet werden; andere Nachrichten werden abgelehnt.",
    restored: "{marketplace} hat Ihr Konto für Nachrichten wieder freigegeben: Sie können schreiben wie zuvor.",
    excused: "{marketplace} hat einen Verstoß von Ihnen entschuldigt: Er zählt nicht mehr gegen Ihr Konto.",
    appeal: "Wenn Sie das für falsch halten, antworten Sie auf diese Mail und sagen Sie warum: Ein Mensch bei {marketplace} sieht es sich noch einmal an.",
};

const FR: ReviewTexts = ReviewTexts {
    held_subject: "Votre message attend d'être examiné",
    held: "Votre message à {name}{about} est arrivé et attend qu'une personne de {marketplace} l'ait examiné. {name} ne l'a pas encore vu.",
    held_todo: "Vous n'avez rien à faire ; ne l'envoyez pas de nouveau. Nous n'écrirons de nouveau que s'il n'est pas transmis.",
    rejected_subject: "Votre message n'a pas été transmis",
    rejected: "Une personne de {marketplace} a examiné votre message à {name}{about} et a décidé de ne pas le transmettre. {name} ne l'a pas vu.",
    timed_out: "Personne chez {marketplace} n'a décidé à temps de votre message à {name}{about} ; il n'a donc pas été transmis. {name} ne l'a pas vu.",
    reason: "La raison donnée :",
    found: "Ce qui a été trouvé, et ce qu'il faut changer :",
    redacted_subject: "Quelque chose a été retiré de votre message",
    redacted: "Votre message à {name}{about} est transmis, mais sans ce que les règles de {marketplace} n'autorisent pas. Ce qui a été retiré, et ce qu'il faut changer la prochaine fois :",
    refused_subject: "Votre message a été refusé",
    refused: "Votre message à {name}{about} a été refusé et {name} ne l'a pas vu. Changez ceci et envoyez-le de nouveau :",
    refused_to: "Votre message à {alias} n'a pas été transmis. La raison :",
    first: "Cela n'a pas d'autre conséquence. Si c'est trouvé de nouveau dans les 30 jours, cela comptera contre votre compte.",
    strike: "Cela compte comme une infraction sur votre compte.",
    account_subject: "Au sujet de votre compte de messagerie",
    warning: "Vos messages ont enfreint plusieurs fois les règles de {marketplace}. Ceci est un avertissement : si cela continue, les messages qui ne sont pas des réponses seront refusés pendant un temps, puis votre compte pourra être suspendu.",
    proactive_blocked: "Vos messages ont enfreint à répétition les règles de {marketplace}. Jusqu'au {until}, vous pouvez répondre aux acheteurs, mais les messages qui ne sont pas des réponses sont refusés.",
    suspended: "{marketplace} a suspendu votre compte de messagerie. Les acheteurs peuvent toujours vous écrire ; vos réponses sont examinées par une personne avant d'être transmises ; les autres messages sont refusés.",
    restored: "{marketplace} a rétabli votre compte de messagerie : vous pouvez écrire comme avant.",
    excused: "{marketplace} a excusé une de vos infractions : elle ne compte plus contre votre compte.",
    appeal: "Si vous pensez que c'est une erreur, répondez à ce message en expliquant pourquoi : une personne de {marketplace} l'examinera de nouveau.",
};

const ES: ReviewTexts = ReviewTexts {
    held_subject: "Su mensaje espera una revisión",
    held: "Su mensaje a {name}{about} ha llegado y espera a que una persona de {marketplace} lo revise. {name} aún no lo ha visto.",
    held_todo: "No tiene que hacer nada; no lo envíe de nuevo. Solo volveremos a escribir si no se transmite.",
    rejected_subject: "Su mensaje no se transmitió",
    rejected: "Una persona de {marketplace} revisó su mensaje a {name}{about} y decidió no transmitirlo. {name} no lo ha visto.",
    timed_out: "Nadie en {marketplace} decidió a tiempo sobre su mensaje a {name}{about}, así que no se transmitió. {name} no lo ha visto.",
    reason: "El motivo indicado:",
    found: "Qué se encontró y qué debe cambiar:",
    redacted_subject: "Se quitó algo de su mensaje",
    redacted: "Su mensaje a {name}{about} se transmite, pero sin lo que las reglas de {marketplace} no permiten. Qué se quitó y qué debe cambiar la próxima vez:",
    refused_subject: "Su mensaje fue rechazado",
    refused: "Su mensaje a {name}{about} fue rechazado y {name} no lo ha visto. Cambie esto y envíelo de nuevo:",
    refused_to: "Su mensaje a {alias} no se transmitió. El motivo:",
    first: "Esto no tiene más consecuencias. Si se encuentra otra vez en 30 días, contará en contra de su cuenta.",
    strike: "Esto cuenta como una falta en su cuenta.",
    account_subject: "Sobre su cuenta de mensajes",
    warning: "Sus mensajes han infringido varias veces las reglas de {marketplace}. Esto es una advertencia: si continúa, los mensajes que no sean respuestas se rechazarán durante un tiempo y después su cuenta podrá ser suspendida.",
    proactive_blocked: "Sus mensajes han infringido una y otra vez las reglas de {marketplace}. Hasta el {until} puede responder a los compradores, pero los mensajes que no sean respuestas se rechazan.",
    suspended: "{marketplace} ha suspendido su cuenta de mensajes. Los compradores aún pueden escribirle; una persona revisa sus respuestas antes de transmitirlas; los demás mensajes se rechazan.",
    restored: "{marketplace} ha restablecido su cuenta de mensajes: puede escribir como antes.",
    excused: "{marketplace} ha disculpado una falta suya: ya no cuenta en contra de su cuenta.",
    appeal: "Si cree que esto es un error, responda a este correo y diga por qué: una persona de {marketplace} lo revisará de nuevo.",
};

const IT: ReviewTexts = ReviewTexts {
    held_subject: "Il suo messaggio attende una verifica",
    held: "Il suo messaggio a {name}{about} è arrivato e attende che una persona di {marketplace} lo verifichi. {name} non l'ha ancora visto.",
    held_todo: "Non deve fare nulla; non lo invii di nuovo. Le scriveremo ancora solo se non viene inoltrato.",
    rejected_subject: "Il suo messaggio non è stato inoltrato",
    rejected: "Una persona di {marketplace} ha verificato il suo messaggio a {name}{about} e ha deciso di non inoltrarlo. {name} non l'ha visto.",
    timed_out: "Nessuno presso {marketplace} ha deciso in tempo sul suo messaggio a {name}{about}, perciò non è stato inoltrato. {name} non l'ha visto.",
    reason: "Il motivo indicato:",
    found: "Che cosa è stato trovato e che cosa cambiare:",
    redacted_subject: "Qualcosa è stato tolto dal suo messaggio",
    redacted: "Il suo messaggio a {name}{about} viene inoltrato, ma senza ciò che le regole di {marketplace} non consentono. Che cosa è stato tolto e che cosa cambiare la prossima volta:",
    refused_subject: "Il suo messaggio è stato rifiutato",
    refused: "Il suo messaggio a {name}{about} è stato rifiutato e {name} non l'ha visto. Cambi questo e lo invii di nuovo:",
    refused_to: "Il suo messaggio a {alias} non è stato inoltrato. Il motivo:",
    first: "Non ci sono altre conseguenze. Se viene trovato di nuovo entro 30 giorni, conterà contro il suo account.",
    strike: "Questo conta come una violazione sul suo account.",
    account_subject: "Sul suo account per i messaggi",
    warning: "I suoi messaggi hanno violato più volte le regole di {marketplace}. Questo è un avvertimento: se continua, i messaggi che non sono risposte saranno rifiutati per un periodo e poi il suo account potrà essere sospeso.",
    proactive_blocked: "I suoi messaggi hanno violato ripetutamente le regole di {marketplace}. Fino al {until} può rispondere agli acquirenti, ma i messaggi che non sono risposte vengono rifiutati.",
    suspended: "{marketplace} ha sospeso il suo account per i messaggi. Gli acquirenti possono ancora scriverle; una persona verifica le sue risposte prima che vengano inoltrate; gli altri messaggi vengono rifiutati.",
    restored: "{marketplace} ha ripristinato il suo account per i messaggi: può scrivere come prima.",
    excused: "{marketplace} ha scusato una sua violazione: non conta più contro il suo account.",
    appeal: "Se ritiene che sia un errore, risponda a questa e-mail spiegando perché: una persona di {marketplace} la esaminerà di nuovo.",
};

const PT: ReviewTexts = ReviewTexts {
    held_subject: "A sua mensagem aguarda revisão",
    held: "A sua mensagem para {name}{about} chegou e aguarda que uma pessoa de {marketplace} a veja. {name} ainda não a viu.",
    held_todo: "Não precisa de fazer nada; não a envie de novo. Só voltamos a escrever se não for encaminhada.",
    rejected_subject: "A sua mensagem não foi encaminhada",
    rejected: "Uma pessoa de {marketplace} viu a sua mensagem para {name}{about} e decidiu não a encaminhar. {name} não a viu.",
    timed_out: "Ninguém em {marketplace} decidiu a tempo sobre a sua mensagem para {name}{about}, por isso não foi encaminhada. {name} não a viu.",
    reason: "O motivo indicado:",
    found: "O que foi encontrado e o que deve mudar:",
    redacted_subject: "Algo foi retirado da sua mensagem",
    redacted: "A sua mensagem para {name}{about} segue, mas sem o que as regras de {marketplace} não permitem. O que foi retirado e o que deve mudar da próxima vez:",
    refused_subject: "A sua mensagem foi recusada",
    refused: "A sua mensagem para {name}{about} foi recusada e {name} não a viu. Mude isto e envie-a de novo:",
    refused_to: "A sua mensagem para {alias} não foi encaminhada. O motivo:",
    first: "Isto não tem mais consequências. Se for encontrado de novo em 30 dias, contará contra a sua conta.",
    strike: "Isto conta como uma infração na sua conta.",
    account_subject: "Sobre a sua conta de mensagens",
    warning: "As suas mensagens violaram várias vezes as regras de {marketplace}. Isto é um aviso: se continuar, as mensagens que não são respostas serão recusadas durante algum tempo e depois a sua conta poderá ser suspensa.",
    proactive_blocked: "As suas mensagens violaram repetidamente as regras de {marketplace}. Até {until} pode responder aos compradores, mas as mensagens que não são respostas são recusadas.",
    suspended: "{marketplace} suspendeu a sua conta de mensagens. Os compradores ainda lhe podem escrever; uma pessoa vê as suas respostas antes de serem encaminhadas; as outras mensagens são recusadas.",
    restored: "{marketplace} restabeleceu a sua conta de mensagens: pode escrever como antes.",
    excused: "{marketplace} desculpou uma infração sua: já não conta contra a sua conta.",
    appeal: "Se acha que isto está errado, responda a este e-mail e diga porquê: uma pessoa de {marketplace} vai ver de novo.",
};

const NL: ReviewTexts = ReviewTexts {
    held_subject: "Uw bericht wacht op beoordeling",
    held: "Uw bericht aan {name}{about} is aangekomen en wacht tot iemand bij {marketplace} ernaar heeft gekeken. {name} heeft het nog niet gezien.",
    held_todo: "U hoeft niets te doen; stuur het niet opnieuw. We schrijven alleen opnieuw als het niet wordt doorgestuurd.",
    rejected_subject: "Uw bericht is niet doorgestuurd",
    rejected: "Iemand bij {marketplace} heeft uw bericht aan {name}{about} bekeken en besloten het niet door te sturen. {name} heeft het niet gezien.",
    timed_out: "Niemand bij {marketplace} heeft op tijd over uw bericht aan {name}{about} beslist, dus is het niet doorgestuurd. {name} heeft het niet gezien.",
    reason: "De opgegeven reden:",
    found: "Wat is gevonden en wat u moet veranderen:",
    redacted_subject: "Er is iets uit uw bericht verwijderd",
    redacted: "Uw bericht aan {name}{about} gaat door, maar zonder wat de regels van {marketplace} niet toestaan. Wat is verwijderd en wat u de volgende keer moet veranderen:",
    refused_subject: "Uw bericht is geweigerd",
    refused: "Uw bericht aan {name}{about} is geweigerd en {name} heeft het niet gezien. Verander dit en stuur het opnieuw:",
    refused_to: "Uw bericht aan {alias} is niet doorgestuurd. De reden:",
    first: "Dit heeft geen verdere gevolgen. Wordt het binnen 30 dagen opnieuw gevonden, dan telt het tegen uw account.",
    strike: "Dit telt als een overtreding op uw account.",
    account_subject: "Over uw account voor berichten",
    warning: "Uw berichten hebben meerdere keren de regels van {marketplace} overtreden. Dit is een waarschuwing: gaat het zo door, dan worden berichten die geen antwoord zijn een tijd lang geweigerd en kan uw account daarna worden geschorst.",
    proactive_blocked: "Uw berichten hebben steeds weer de regels van {marketplace} overtreden. Tot {until} kunt u kopers antwoorden, maar berichten die geen antwoord zijn worden geweigerd.",
    suspended: "{marketplace} heeft uw account voor berichten geschorst. Kopers bereiken u nog steeds; iemand bekijkt uw antwoorden voordat ze worden doorgestuurd; andere berichten worden geweigerd.",
    restored: "{marketplace} heeft uw account voor berichten hersteld: u kunt schrijven zoals voorheen.",
    excused: "{marketplace} heeft een overtreding van u verontschuldigd: ze telt niet meer tegen uw account.",
    appeal: "Als u denkt dat dit niet klopt, beantwoord dan deze mail en zeg waarom: iemand bij {marketplace} kijkt er opnieuw naar.",
};

const PL: ReviewTexts = ReviewTexts {
    held_subject: "Twoja wiadomość czeka na sprawdzenie",
    held: "Wiadomość{about} (odbiorca: {name}) dotarła i czeka, aż obejrzy ją osoba z {marketplace}. Odbiorca jeszcze jej nie widział.",
    held_todo: "Nie trzeba nic robić; nie wysyłaj jej ponownie. Napiszemy znowu tylko wtedy, gdy nie zostanie przekazana.",
    rejected_subject: "Twoja wiadomość nie została przekazana",
    rejected: "Osoba z {marketplace} obejrzała wiadomość{about} (odbiorca: {name}) i postanowiła jej nie przekazywać. Odbiorca jej nie widział.",
    timed_out: "Nikt w {marketplace} nie zdecydował na czas o wiadomości{about} (odbiorca: {name}), więc nie została przekazana. Odbiorca jej nie widział.",
    reason: "Podany powód:",
    found: "Co znaleziono i co trzeba zmienić:",
    redacted_subject: "Coś usunięto z Twojej wiadomości",
    redacted: "Wiadomość{about} (odbiorca: {name}) idzie dalej, ale bez tego, na co nie pozwalają zasady {marketplace}. Co usunięto i co zmienić następnym razem:",
    refused_subject: "Twoja wiadomość została odrzucona",
    refused: "Wiadomość{about} (odbiorca: {name}) została odrzucona i odbiorca jej nie widział. Zmień to i wyślij ją jeszcze raz:",
    refused_to: "Wiadomość do {alias} nie została przekazana. Powód:",
    first: "Nie ma to dalszych skutków. Jeśli zostanie znalezione ponownie w ciągu 30 dni, będzie liczone na niekorzyść konta.",
    strike: "Liczy się to jako naruszenie na Twoim koncie.",
    account_subject: "W sprawie Twojego konta do wiadomości",
    warning: "Twoje wiadomości kilka razy naruszyły zasady {marketplace}. To jest ostrzeżenie: jeśli tak będzie dalej, wiadomości niebędące odpowiedziami będą przez pewien czas odrzucane, a potem konto może zostać zawieszone.",
    proactive_blocked: "Twoje wiadomości wielokrotnie naruszyły zasady {marketplace}. Do {until} możesz odpowiadać kupującym, ale wiadomości niebędące odpowiedziami są odrzucane.",
    suspended: "{marketplace} zawiesiło Twoje konto do wiadomości. Kupujący nadal mogą do Ciebie pisać; Twoje odpowiedzi ogląda osoba, zanim zostaną przekazane; inne wiadomości są odrzucane.",
    restored: "{marketplace} przywróciło Twoje konto do wiadomości: możesz pisać jak wcześniej.",
    excused: "{marketplace} usprawiedliwiło jedno z Twoich naruszeń: nie liczy się już na niekorzyść konta.",
    appeal: "Jeśli uważasz, że to pomyłka, odpowiedz na tę wiadomość i napisz dlaczego: osoba z {marketplace} obejrzy to jeszcze raz.",
};

const JA: ReviewTexts = ReviewTexts {
    held_subject: "メッセージは確認待ちです",
    held: "{name} さんへのメッセージ{about}を受け取りました。{marketplace} の担当者が確認するまでお待ちください。{name} さんはまだこのメッセージを見ていません。",
    held_todo: "何もしていただく必要はありません。もう一度送信しないでください。転送されない場合にのみ、改めてお知らせします。",
    rejected_subject: "メッセージは転送されませんでした",
    rejected: "{marketplace} の担当者が {name} さんへのメッセージ{about}を確認し、転送しないことにしました。{name} さんはこのメッセージを見ていません。",
    timed_out: "{name} さんへのメッセージ{about}について、{marketplace} で期限内に判断されなかったため、転送されませんでした。{name} さんはこのメッセージを見ていません。",
    reason: "理由：",
    found: "見つかった内容と、直していただきたいこと：",
    redacted_subject: "メッセージの一部が削除されました",
    redacted: "{name} さんへのメッセージ{about}は、{marketplace} の規則で認められていない部分を除いて転送されます。削除された内容と、次回直していただきたいこと：",
    refused_subject: "メッセージは受け付けられませんでした",
    refused: "{name} さんへのメッセージ{about}は受け付けられませんでした。{name} さんはこのメッセージを見ていません。次の内容を直して、もう一度送信してください：",
    refused_to: "{alias} へのメッセージは転送されませんでした。理由：",
    first: "今回はこれ以上の影響はありません。30日以内に再び見つかった場合は、違反として数えられます。",
    strike: "これはアカウントの違反として数えられます。",
    account_subject: "メッセージ用アカウントについて",
    warning: "あなたのメッセージは {marketplace} の規則に何度か違反しました。これは警告です。続く場合は、返信以外のメッセージがしばらく受け付けられなくなり、その後アカウントが停止されることがあります。",
    proactive_blocked: "あなたのメッセージは {marketplace} の規則に繰り返し違反しました。{until} まで、購入者への返信はできますが、返信以外のメッセージは受け付けられません。",
    suspended: "{marketplace} はあなたのメッセージ用アカウントを停止しました。購入者からのメッセージは引き続き届きます。返信は担当者が確認してから転送され、それ以外のメッセージは受け付けられません。",
    restored: "{marketplace} はあなたのメッセージ用アカウントを再開しました。以前と同じように送信できます。",
    excused: "{marketplace} はあなたの違反の一つを取り消しました。今後は数えられません。",
    appeal: "誤りだと思われる場合は、このメールに返信して理由をお知らせください。{marketplace} の担当者がもう一度確認します。",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_names_what_it_is_about_in_every_language() {
        for language in Language::ALL {
            let t = ReviewTexts::of(language);
            for text in [t.held, t.rejected, t.timed_out, t.redacted, t.refused] {
                assert!(text.contains("{name}") && text.contains("{about}"), "{language}: {text}");
            }
            for text in [t.held, t.warning, t.proactive_blocked, t.suspended, t.appeal] {
                assert!(text.contains("{marketplace}"), "{language}: {text}");
            }
            assert!(t.proactive_blocked.contains("{until}"), "{language}");
        }
    }
}
