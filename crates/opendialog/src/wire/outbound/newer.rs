//! Types of newer servers, which webchat 1.0.0 does not render:
//! `docs/protocols/opendialog.md#34-newer-types-authoring-options-are-doc-the-json-shown-is-assumed-unless-marked`.

use super::object::data_struct;
use crate::wire::scalar::Scalar;

data_struct! {
    /// `audio`.
    Audio {
        /// What is heard.
        title: String,
        /// The sound's address.
        url: String,
    }
}

data_struct! {
    /// `location`.
    Location {
        /// What the answer is sent back by.
        callback_id: String,
        /// Another spelling of it.
        callback: String,
        /// The attribute that receives the answer.
        attribute_name: String,
        /// The key for the map.
        api_key: String,
    }
}

data_struct! {
    /// `esign`.
    Esign {
        /// What the answer is sent back by.
        callback_id: String,
        /// Another spelling of it.
        callback: String,
        /// The attribute that receives the signed document.
        attribute_name: String,
        /// A drawn signature is wanted.
        signature: bool,
        /// The words on the submit button.
        submit_text: String,
        /// The words on the button that clears the signature.
        resign_text: String,
        /// The words on the confirmation.
        confirm_text: String,
        /// The words beside the check box.
        checkbox_text: String,
        /// The words on the cancel control.
        cancel_text: String,
        /// What a refusal is sent back by.
        cancel_callback: String,
        /// The document's words.
        document_text: String,
        /// The document's title.
        document_title: String,
        /// The name of the signed file.
        file_name: String,
        /// Where the signed file is kept.
        file_path: String,
    }
}

data_struct! {
    /// `file-upload`.
    FileUpload {
        /// What the answer is sent back by.
        callback_id: String,
        /// Another spelling of it.
        callback: String,
        /// The words on the submit button.
        submit_text: String,
        /// What a refusal is sent back by.
        cancel_callback: String,
        /// The words on the cancel control.
        cancel_text: String,
        /// What a failure is sent back by.
        error_callback: String,
        /// Several files may be given.
        multiple: bool,
        /// Largest size of a file in bytes.
        file_size: Scalar,
        /// Allowed file name extensions.
        file_types: Vec<String>,
        /// Where the files are kept.
        base_path: String,
        /// The attribute that receives the files.
        attribute_name: String,
    }
}
