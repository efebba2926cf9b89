//! Pictures and sounds: `docs/protocols/opendialog.md#image-source-code`.

use switchboard_core::model::{Content, Media};

use super::{Typed, links, text};
use crate::wire::Slot;
use crate::wire::outbound::{Audio, Common, Data, Image};

pub(crate) fn read_image(data: Image) -> Content {
    let link = data.img_link.words().map(str::to_owned);
    Content::Image(Media {
        url: data.img_src.into_option().unwrap_or_default(),
        alt: None,
        new_tab: data.link_new_tab.is_true() && link.is_some(),
        link,
    })
}

pub(crate) fn write_image(media: &Media) -> Typed {
    let data = Image {
        img_src: links::written(Some(&media.url)),
        img_link: links::written(media.link.as_deref()),
        link_new_tab: Slot::Given(media.new_tab),
        // Image messages have neither text nor `hideavatar`.
        common: Common {
            disable_text: Slot::Given(false),
            ..Common::default()
        },
        ..Image::default()
    };
    ("image", Data::Image(data))
}

pub(crate) fn read_audio(data: Audio) -> Content {
    let alt = data.title.words().or(data.common.text.words());
    Content::Audio(Media::new(
        data.url.get().cloned().unwrap_or_default(),
        alt.map(str::to_owned),
    ))
}

pub(crate) fn write_audio(media: &Media) -> Typed {
    let data = Audio {
        title: Slot::Given(media.alt.clone().unwrap_or_default()),
        url: links::written(Some(&media.url)),
        common: text::common(Slot::Null),
        ..Audio::default()
    };
    ("audio", Data::Audio(data))
}
