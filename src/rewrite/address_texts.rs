//! What a party is told of mail from an address that it has not registered, and what goes to such an
//! address: every sentence in one place per language.

use crate::domain::Language;

/// The sentences of one language; `{marketplace}`, and `{time}` in the last.
#[derive(Debug)]
pub(super) struct AddressTexts {
    /// Subject: was it you?
    pub asked_subject: &'static str,
    /// What happened; a list of addresses follows.
    pub asked: &'static str,
    /// What to do then.
    pub asked_todo: &'static str,
    /// Subject: a code.
    pub code_subject: &'static str,
    /// What it is for; the code follows.
    pub code: &'static str,
    /// What to do with it.
    pub code_todo: &'static str,
}

impl AddressTexts {
    pub fn of(language: Language) -> &'static Self {
        language.pick([&EN, &DE, &FR, &ES, &IT, &PT, &NL, &PL, &JA])
    }
}

const EN: AddressTexts = AddressTexts {
    asked_subject: "A message from another address: was it you?",
    asked: "Somebody wrote to an address at {marketplace} that only you should write to, from an address that is not registered for you. The message was not passed on. It came from:",
    asked_todo: "If it was you, answer this mail and say so: {marketplace} then mails a code to that address, and with the code it can be registered and the message passed on. We keep the message for 7 days. You can also send it again from your registered address. If it was not you, you need do nothing; please don't write to that address.",
    code_subject: "Your code for a new address",
    code: "This address is to be registered for an account at {marketplace}. The code for it:",
    code_todo: "It is good for {time}. If you asked for this, tell the code to {marketplace}. If not, ignore this mail and tell the code to nobody.",
};

const DE: AddressTexts = AddressTexts {
    asked_subject: "Eine Nachricht von einer anderen Adresse: Waren Sie das?",
    asked: "Jemand hat an eine Adresse bei {marketplace} geschrieben, an die nur Sie schreiben sollten, und zwar von einer Adresse, die nicht für Sie registriert ist. Die Nachricht wurde nicht weitergeleitet. Sie kam von:",
    asked_todo: "Wenn Sie das waren, antworten Sie auf diese Mail und sagen Sie es: {marketplace} schickt dann einen Code an diese Adresse, und mit dem Code kann sie registriert und die Nachricht weitergeleitet werden. Wir behalten die Nachricht 7 Tage lang. Sie können sie auch von Ihrer registrierten Adresse noch einmal senden. Wenn Sie es nicht waren, müssen Sie nichts tun; bitte schreiben Sie nicht an diese Adresse.",
    code_subject: "Ihr Code für eine neue Adresse",
    code: "Diese Adresse soll für ein Konto bei {marketplace} registriert werden. Der Code dafür:",
    code_todo: "Er gilt {time} lang. Wenn Sie darum gebeten haben, nennen Sie den Code {marketplace}. Wenn nicht, beachten Sie diese Mail nicht und nennen Sie den Code niemandem.",
};

const FR: AddressTexts = AddressTexts {
    asked_subject: "Un message d'une autre adresse : était-ce vous ?",
    asked: "Quelqu'un a écrit à une adresse de {marketplace} à laquelle vous seul devriez écrire, depuis une adresse qui n'est pas enregistrée pour vous. Le message n'a pas été transmis. Il venait de :",
    asked_todo: "Si c'était vous, répondez à ce courriel et dites-le : {marketplace} envoie alors un code à cette adresse, et avec ce code elle peut être enregistrée et le message transmis. Nous gardons le message 7 jours. Vous pouvez aussi le renvoyer depuis votre adresse enregistrée. Si ce n'était pas vous, vous n'avez rien à faire ; n'écrivez pas à cette adresse.",
    code_subject: "Votre code pour une nouvelle adresse",
    code: "Cette adresse doit être enregistrée pour un compte chez {marketplace}. Le code :",
    code_todo: "Il est valable {time}. Si vous l'avez demandé, communiquez le code à {marketplace}. Sinon, ignorez ce courriel et ne donnez le code à personne.",
};

const ES: AddressTexts = AddressTexts {
    asked_subject: "Un mensaje desde otra dirección: ¿fue usted?",
    asked: "Alguien ha escrito a una dirección de {marketplace} a la que solo usted debería escribir, desde una dirección que no está registrada a su nombre. El mensaje no se ha transmitido. Venía de:",
    asked_todo: "Si fue usted, responda a este correo y dígalo: {marketplace} enviará entonces un código a esa dirección, y con el código se podrá registrar y transmitir el mensaje. Guardamos el mensaje 7 días. También puede enviarlo de nuevo desde su dirección registrada. Si no fue usted, no tiene que hacer nada; por favor, no escriba a esa dirección.",
    code_subject: "Su código para una dirección nueva",
    code: "Esta dirección se va a registrar para una cuenta de {marketplace}. El código es:",
    code_todo: "Es válido durante {time}. Si lo ha pedido usted, comunique el código a {marketplace}. Si no, ignore este correo y no dé el código a nadie.",
};

const IT: AddressTexts = AddressTexts {
    asked_subject: "Un messaggio da un altro indirizzo: era Lei?",
    asked: "Qualcuno ha scritto a un indirizzo di {marketplace} al quale solo Lei dovrebbe scrivere, da un indirizzo che non è registrato a Suo nome. Il messaggio non è stato inoltrato. Veniva da:",
    asked_todo: "Se era Lei, risponda a questa mail e lo dica: {marketplace} invia allora un codice a quell'indirizzo, e con il codice l'indirizzo può essere registrato e il messaggio inoltrato. Conserviamo il messaggio per 7 giorni. Può anche inviarlo di nuovo dal Suo indirizzo registrato. Se non era Lei, non deve fare nulla; per favore, non scriva a quell'indirizzo.",
    code_subject: "Il Suo codice per un nuovo indirizzo",
    code: "Questo indirizzo deve essere registrato per un account di {marketplace}. Il codice:",
    code_todo: "È valido per {time}. Se l'ha chiesto Lei, comunichi il codice a {marketplace}. Altrimenti ignori questa mail e non dica il codice a nessuno.",
};

const PT: AddressTexts = AddressTexts {
    asked_subject: "Uma mensagem de outro endereço: foi você?",
    asked: "Alguém escreveu para um endereço de {marketplace} para o qual só você deveria escrever, a partir de um endereço que não está registado em seu nome. A mensagem não foi encaminhada. Veio de:",
    asked_todo: "Se foi você, responda a este e-mail e diga-o: {marketplace} envia então um código para esse endereço, e com o código ele pode ser registado e a mensagem encaminhada. Guardamos a mensagem durante 7 dias. Também pode enviá-la de novo a partir do seu endereço registado. Se não foi você, não precisa de fazer nada; por favor, não escreva para esse endereço.",
    code_subject: "O seu código para um novo endereço",
    code: "Este endereço deve ser registado para uma conta de {marketplace}. O código:",
    code_todo: "É válido durante {time}. Se o pediu, diga o código a {marketplace}. Se não, ignore este e-mail e não diga o código a ninguém.",
};

const NL: AddressTexts = AddressTexts {
    asked_subject: "Een bericht van een ander adres: was u dat?",
    asked: "Iemand heeft geschreven naar een adres bij {marketplace} waar alleen u naartoe zou moeten schrijven, vanaf een adres dat niet voor u geregistreerd is. Het bericht is niet doorgegeven. Het kwam van:",
    asked_todo: "Als u het was, beantwoord dan deze mail en zeg het: {marketplace} stuurt dan een code naar dat adres, en met die code kan het worden geregistreerd en het bericht worden doorgegeven. We bewaren het bericht 7 dagen. U kunt het ook opnieuw sturen vanaf uw geregistreerde adres. Als u het niet was, hoeft u niets te doen; schrijf alstublieft niet naar dat adres.",
    code_subject: "Uw code voor een nieuw adres",
    code: "Dit adres moet worden geregistreerd voor een account bij {marketplace}. De code:",
    code_todo: "Hij is {time} geldig. Als u hierom hebt gevraagd, geef de code dan door aan {marketplace}. Zo niet, negeer deze mail en geef de code aan niemand.",
};

const PL: AddressTexts = AddressTexts {
    asked_subject: "Wiadomość z innego adresu: czy to Ty?",
    asked: "Ktoś napisał na adres w {marketplace}, na który powinieneś pisać tylko Ty, z adresu, który nie jest zarejestrowany dla Ciebie. Wiadomość nie została przekazana. Przyszła z adresu:",
    asked_todo: "Jeśli to Ty, odpowiedz na ten list i napisz o tym: {marketplace} wyśle wtedy kod na ten adres i za pomocą kodu można go zarejestrować, a wiadomość przekazać. Przechowujemy ją przez 7 dni. Możesz też wysłać ją ponownie z zarejestrowanego adresu. Jeśli to nie Ty, nie musisz nic robić; prosimy, nie pisz na ten adres.",
    code_subject: "Twój kod dla nowego adresu",
    code: "Ten adres ma zostać zarejestrowany dla konta w {marketplace}. Kod:",
    code_todo: "Jest ważny przez {time}. Jeśli o to prosisz, podaj kod {marketplace}. Jeśli nie, zignoruj ten list i nikomu nie podawaj kodu.",
};

const JA: AddressTexts = AddressTexts {
    asked_subject: "別のアドレスからのメッセージ:お心当たりはありますか",
    asked: "お客様だけが送るはずの {marketplace} のアドレス宛てに、お客様の登録にないアドレスからメッセージが届きました。メッセージは転送していません。送信元:",
    asked_todo: "お客様ご自身でしたら、このメールに返信してその旨をお知らせください。{marketplace} がそのアドレスにコードを送り、そのコードでアドレスを登録し、メッセージを転送できます。メッセージは7日間保管します。登録済みのアドレスから送り直すこともできます。お心当たりがない場合は何もする必要はありません。そのアドレスには連絡しないでください。",
    code_subject: "新しいアドレスのコード",
    code: "このアドレスを {marketplace} のアカウントに登録する手続きです。コード:",
    code_todo: "有効期間は {time} です。お申し込みになった場合は、コードを {marketplace} にお伝えください。お心当たりがない場合はこのメールを無視し、コードを誰にも教えないでください。",
};
