//! What rules find and what to change, in Japanese.

use super::RuleText;
use crate::domain::{Part, RuleId};

pub(super) const MORE: &str = "詳細";

pub(super) fn place(part: Part) -> &'static str {
    match part {
        Part::Subject => "件名",
        Part::Text => "本文",
        Part::Alternative => "本文の別形式（テキストまたは HTML）",
        Part::Attachment => "添付ファイル",
        Part::Message => "メール",
    }
}

pub(super) fn text(rule: RuleId) -> RuleText {
    let (what, change) = match rule {
        RuleId::ReviewSolicitation => {
            ("レビューの依頼", "レビュー、評価、感想を求めないでください")
        }
        RuleId::Promotion => ("宣伝", "宣伝と割引を取り除いてください"),
        RuleId::ThankYouOnly => ("お礼のみ", "お礼だけのメッセージは送らないでください"),
        RuleId::ShippingConfirmation => (
            "確認のみ",
            "確認だけのメッセージは送らないでください。購入者にはすでに通知されています",
        ),
        RuleId::ServiceOffer => {
            ("お手伝いの申し出のみ", "お手伝いの申し出だけのメッセージは送らないでください")
        }
        RuleId::Unsolicited => (
            "注文に関係のない内容",
            "注文に必要なことだけを書いてください（質問、問題、カスタマイズ、配送、住所、請求書、保証、説明書、キー、法的なお知らせ）",
        ),
        RuleId::OptOutRequest => ("配信停止の依頼", "メッセージの受信や停止を求めないでください"),
        RuleId::ExternalLink => ("リンク", "リンクを取り除いてください"),
        RuleId::EmailAddress => {
            ("メールアドレス", "メールアドレスを取り除いてください。返信はここに届きます")
        }
        RuleId::PhoneNumber => ("電話番号", "電話番号を取り除いてください。返信はここに届きます"),
        RuleId::MessengerHandle => (
            "メッセンジャーの連絡先",
            "メッセンジャーの連絡先を取り除いてください。返信はここに届きます",
        ),
        RuleId::OffPlatformPayment => {
            ("支払い情報", "マーケットプレイスの外での支払いを求めないでください")
        }
        RuleId::Competitor => {
            ("他のマーケットプレイス", "他のマーケットプレイスの名前を取り除いてください")
        }
        RuleId::Tracking => ("開封の追跡", "追跡なしで送信してください"),
        RuleId::LinkedLogo => ("リンク付きロゴ", "ロゴからリンクを外してください"),
        RuleId::Image => ("画像", "この画像なしで送信してください"),
        RuleId::AttachmentType => {
            ("この種類のファイル", "この種類の添付ファイルなしで送信してください")
        }
        RuleId::AttachmentPurpose => {
            ("別の目的のファイル", "請求書、保証書、説明書だけを添付してください")
        }
        RuleId::AttachmentSize => {
            ("添付が多すぎます", "添付ファイルを減らすか、小さくしてください")
        }
        RuleId::DangerousContent => ("危険なファイル", "危険なファイルなしで送信してください"),
        RuleId::Unreadable => (
            "読めない内容",
            "暗号化や予定表・連絡先のファイルを使わず、通常のメールで送信してください",
        ),
        RuleId::CardNumber => ("カード番号", "カード番号を取り除いてください"),
        RuleId::Abuse => ("脅しや侮辱", "脅しや侮辱を書かないでください"),
        RuleId::FeedbackExtortion => {
            ("返金と引き換えのレビュー", "レビューを返金の条件にしないでください")
        }
        RuleId::Impersonation => {
            ("マーケットプレイスを名乗る内容", "マーケットプレイスの名前で書かないでください")
        }
        RuleId::TooLong => ("長すぎます", "メールを短くしてください"),
        RuleId::ImportantMisuse => ("[重要] の誤用", "件名から [重要] を取り除いてください"),
        RuleId::Custom(_) => (
            "ここでは使えません",
            "この言葉を削除してください。マーケットプレイスでは認められていません",
        ),
        RuleId::CopiedAnswer => ("多数への同じ文章", "この購入者への返信を書いてください"),
    };
    RuleText { what, change }
}
