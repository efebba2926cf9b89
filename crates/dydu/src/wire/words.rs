//! The words of `typeResponse`, `specialAction`, `code` and of reserved inputs:
//! `docs/protocols/dydu.md#51-typeresponse-values`, 5.2, 7.4 and 3.3.4.

/// `typeResponse` of an answer that the bot understood.
pub const UNDERSTOOD: &str = "DMUnderstoodQuestion";
/// `typeResponse` of a greeting.
pub const SOCIAL: &str = "DMSocial";
/// `typeResponse` of the answer to a clicked suggestion.
pub const REWORD_CLICKED: &str = "DMRewordClickedAuto";
/// `typeResponse` of an answer that a push rule asked for.
pub const CLIENT_PUSH: &str = "DMClientPush";
/// `typeResponse` of no answer.
pub const MISUNDERSTOOD: &str = "GBMisunderstoodQuestion";
/// `typeResponse` of one suggestion.
pub const ONE_REWORD: &str = "RWOneReword";
/// `typeResponse` of several suggestions.
pub const MANY_REWORDS: &str = "RWManyRewords";
/// `typeResponse` of an operator's words.
pub const OPERATOR_ANSWER: &str = "OPRegularOperatorAnswer";
/// `typeResponse` of the sentence by which the next survey is announced.
pub const SURVEY_SENTENCE: &str = "OPSendSurveySentence";
/// `typeResponse` that starts a livechat.
pub const LIVECHAT_STARTED: &str = "DMLiveChatConnectionSucceed";
/// `typeResponse` that puts the user in the queue.
pub const IN_QUEUE: &str = "DMLiveChatConnectionInQueue";
/// `typeResponse` of the end of the wait.
pub const QUEUE_LEFT: &str = "DMLiveChatLeaveQueue";
/// `typeResponse` of an end by the operator.
pub const ENDED_BY_OPERATOR: &str = "OPLiveChatEndByOperator";
/// `typeResponse` of an end by the system.
pub const AUTO_CLOSED: &str = "NAAutoCloseDialog";
/// `typeResponse` of an end because the user left.
pub const USER_LEFT: &str = "NAAutoCloseDialogBecauseUserLeft";

/// `specialAction` that starts the livechat tunnel.
pub const START_POLLING: &str = "StartPolling";
/// `specialAction` that ends it.
pub const END_POLLING: &str = "EndPolling";
/// `specialAction` that shows the queue.
pub const START_QUEUE: &str = "StartWaitingQueue";
/// `specialAction` that leaves the queue.
pub const LEAVE_QUEUE: &str = "LeaveWaitingQueue";

/// `code`: an operator is writing, or stopped.
pub const WRITING: &str = "OperatorWritingStatus";
/// `code`: an operator has joined.
pub const CONNECTED: &str = "OperatorConnected";
/// `code`: the operator has left.
pub const DISCONNECTED: &str = "OperatorDisconnected";
/// `code`: no operator has time.
pub const BUSY: &str = "OperatorBusy";
/// `code`: another operator takes over, by hand.
pub const TRANSFERRED: &str = "DialogTransferredManually";
/// `code`: another operator takes over, by rule.
pub const TRANSFERRED_BY_RULE: &str = "DialogTransferredAutomatically";
/// `code`: an operator took the dialog; the queue screen goes.
pub const TAKEN: &str = "DialogAddedOperatorPanel";
/// `code`: a file is wanted.
pub const UPLOAD: &str = "UploadRequest";
/// `code`: a survey is to be answered.
pub const SEND_SURVEY: &str = "OperatorSendSurvey";

/// `userInput` that asks for the greeting.
pub const WELCOME: &str = "#welcome#";
/// `userInput` that gives the dialog up.
pub const RESET: &str = "#reset#";
/// `userInput` that leaves the queue.
pub const INPUT_LEAVE_QUEUE: &str = "#livechatleavequeue#";
/// `userInput` that leaves the livechat.
pub const INPUT_END_LIVECHAT: &str = "#livechatend#";
/// Prefix of the `userInput` that asks for the dialog by mail.
pub const INPUT_MAIL: &str = "#dydumailto:";
/// Prefix of the `userInput` of a push rule.
pub const INPUT_PUSH: &str = "_pushcondition_:";
/// Prefix of the `userInput` of a goal page.
pub const INPUT_GOAL: &str = "_goalpage_:";
/// The sentence that our own upload requests ask to be sent after an upload: it brings what the
/// engine made of the file.
pub const INPUT_UPLOADED: &str = "#uploaded#";

/// The name of the default space as the widget sends it; `Default` in the vendor's documentation.
pub const DEFAULT_SPACE: &str = "Defaut";

/// Whether this names no particular space.
pub fn is_default_space(space: &str) -> bool {
    space.is_empty()
        || space.eq_ignore_ascii_case(DEFAULT_SPACE)
        || space.eq_ignore_ascii_case("Default")
}

/// `RW...Reword` or `RW...Rewords`: suggestions for what the user may have meant.
pub fn is_reword(type_response: &str) -> bool {
    type_response.starts_with("RW")
        && (type_response.ends_with("Reword") || type_response.ends_with("Rewords"))
}

/// `GB...`: the bot did not understand.
pub fn is_garbage(type_response: &str) -> bool {
    type_response.starts_with("GB")
}

/// `OP...`: an operator wrote this.
pub fn is_operator(type_response: &str) -> bool {
    type_response.starts_with("OP")
}

/// The livechat is over.
pub fn is_end(type_response: &str) -> bool {
    matches!(type_response, ENDED_BY_OPERATOR | AUTO_CLOSED | USER_LEFT)
}

/// Whether a word says where a question comes from:
/// `docs/protocols/dydu.md#4-parameter-dictionary`.
pub fn is_origin(word: &str) -> bool {
    matches!(
        word,
        "reword_auto"
            | "reword_knowledge"
            | "reword_teaser"
            | "reword_feedback"
            | "redirection"
            | "redirection_newpage"
            | "redirection_javascript"
            | "redirection_knowledge"
            | "redirection_consultation_space"
            | "redirection_personnality"
            | "redirection_invalidlink"
            | "before_close_dialog"
            | "exportable_faq"
    )
}
