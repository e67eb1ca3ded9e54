#include "notify/deliver.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

#include <fmt/format.h>

#include "base/text.hpp"
#include "notify/outbox_store.hpp"

namespace mlean::notify {
namespace {

constexpr int kPostTimeoutMs = 10'000;
constexpr std::size_t kMaxAnswer = 64u << 10;  // only the status counts
// Slack's limits: header 150 characters, a section's text 3000, 10 fields of a section, 2000 each.
constexpr std::size_t kSlackHeader = 150;
constexpr std::size_t kSlackText = 3000;
constexpr std::size_t kSlackFields = 10;
constexpr std::size_t kSlackField = 2000;

// At most `limit` bytes, not cut inside of a character.
std::string Cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return std::string(text);
  std::size_t size = limit - 3;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return std::string(text.substr(0, size)) + "...";
}

// Slack's markup takes & < > only. Escapes first would let a cut fall inside of an entity, so the raw text is cut until the
// result fits.
std::string SlackText(std::string_view text, std::size_t limit) {
  std::size_t raw = limit;
  while (true) {
    std::string out = ReplaceAll(ReplaceAll(ReplaceAll(Cut(text, raw), "&", "&amp;"), "<", "&lt;"), ">", "&gt;");
    if (out.size() <= limit) return out;
    raw = raw > 100 ? raw - std::min(raw - 50, out.size() - limit) : 10;
  }
}

std::string FieldText(const codec::Json& value) { return value.IsString() ? value.AsString() : value.Dump(); }

Error Failed(const Channel& channel, Code code, std::string_view cause) {
  return Fail(code, fmt::format("cannot deliver alert to channel '{}': {}", channel.name, cause));
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

// Appends the line in one write: unbuffered, so that lines of several processes do not mix.
Result<void> DeliverToFile(const Channel& channel, const Alert& alert) {
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(channel.target.c_str(), "ae"));
  if (file == nullptr) return Failed(channel, Code::kIo, std::generic_category().message(errno));
  std::setvbuf(file.get(), nullptr, _IONBF, 0);
  const std::string line = AlertJson(alert) + "\n";
  if (std::fwrite(line.data(), 1, line.size(), file.get()) != line.size()) {
    return Failed(channel, Code::kIo, std::generic_category().message(errno));
  }
  return {};
}

Result<void> DeliverByPost(const Channel& channel, const Alert& alert, Sender& sender) {
  const std::string body = channel.kind == ChannelKind::kSlack ? SlackJson(alert) : AlertJson(alert);
  net::Request request;
  request.method = "POST";
  request.url = channel.target;
  request.headers = {{"Content-Type", "application/json"}, {"Idempotency-Key", alert.id}};
  request.body = body;
  request.timeout_ms = kPostTimeoutMs;
  request.max_response_bytes = kMaxAnswer;
  const Result<net::Response> answer = sender.Send(request);
  if (!answer) {
    const Code code = answer.error().code;
    const bool final = code == Code::kInvalid;
    return Failed(channel, final ? Code::kInvalid : code == Code::kTimeout ? Code::kTimeout : Code::kIo, CauseOf(code));
  }
  if (answer->status >= 200 && answer->status < 300) return {};
  return Failed(channel, MayHeal(answer->status) ? Code::kBusy : Code::kDenied, fmt::format("status {}", answer->status));
}

bool IsFinal(Code code) { return code == Code::kDenied || code == Code::kInvalid; }

// One due delivery from claim to outcome; true when it was sent.
Result<bool> DeliverOne(sql::Database& db, const std::vector<Channel>& channels, Sender& sender, const Clock& clock,
                        const Delivery& due) {
  TRY(const bool mine, db.Write([&](sql::Txn& txn) { return BeginAttempt(txn, due.alert.id, due.channel, clock.Now()); }));
  if (!mine) return false;
  const auto channel = std::find_if(channels.begin(), channels.end(), [&due](const Channel& c) { return c.name == due.channel; });
  const Result<void> sent =
      channel == channels.end()
          ? Result<void>(Fail(Code::kInvalid, fmt::format("cannot deliver alert to channel '{}': it is not configured "
                                                          "any more",
                                                          due.channel)))
          : Deliver(*channel, due.alert, sender);
  const std::optional<Error> error = sent ? std::nullopt : std::optional<Error>(sent.error());
  TRYV(db.Write([&](sql::Txn& txn) {
    return EndAttempt(txn, due.alert.id, due.channel, error, error && IsFinal(error->code), clock.Now());
  }));
  return !error;
}

}  // namespace

std::string_view CauseOf(Code code) {
  switch (code) {
    case Code::kTimeout: return "no answer in time";
    case Code::kInvalid: return "its URL is not valid";
    case Code::kUnsupported: return "HTTP is not available (libcurl is missing)";
    case Code::kBusy:
    case Code::kCancelled:
    case Code::kConflict:
    case Code::kCorrupt:
    case Code::kDenied:
    case Code::kExists:
    case Code::kFull:
    case Code::kInternal:
    case Code::kIo:
    case Code::kNotFound:
    case Code::kTooLarge:
    case Code::kUsage: return "the connection failed";
  }
  return "the connection failed";
}

bool MayHeal(int status) { return status == 408 || status == 429 || status >= 500; }

std::string AlertJson(const Alert& alert) {
  const codec::Json json = codec::Json::Object{
      {"id", alert.id},     {"kind", alert.kind},     {"severity", SeverityName(alert.severity)}, {"title", alert.title},
      {"text", alert.text}, {"fields", alert.fields}, {"time", FormatTime(alert.created)}};
  return json.Dump();
}

std::string SlackJson(const Alert& alert) {
  const std::string title = fmt::format("[{}] {}", SeverityName(alert.severity), alert.title.empty() ? alert.kind : alert.title);
  codec::Json::Array blocks;
  blocks.push_back(codec::Json::Object{
      {"type", "header"}, {"text", codec::Json::Object{{"type", "plain_text"}, {"text", Cut(title, kSlackHeader)}}}});
  if (!alert.text.empty()) {
    blocks.push_back(codec::Json::Object{
        {"type", "section"}, {"text", codec::Json::Object{{"type", "mrkdwn"}, {"text", SlackText(alert.text, kSlackText)}}}});
  }
  codec::Json::Array fields;
  if (alert.fields.IsObject()) {
    for (const auto& [key, value] : alert.fields.AsObject()) {
      if (fields.size() == kSlackFields) break;
      const std::string text = fmt::format("*{}*\n{}", SlackText(key, 200), SlackText(FieldText(value), kSlackField - 250));
      fields.push_back(codec::Json::Object{{"type", "mrkdwn"}, {"text", text}});
    }
  }
  if (!fields.empty()) blocks.push_back(codec::Json::Object{{"type", "section"}, {"fields", std::move(fields)}});
  const codec::Json json = codec::Json::Object{{"text", SlackText(title, kSlackText)}, {"blocks", std::move(blocks)}};
  return json.Dump();
}

Result<void> Deliver(const Channel& channel, const Alert& alert, Sender& sender) {
  switch (channel.kind) {
    case ChannelKind::kFile: return DeliverToFile(channel, alert);
    case ChannelKind::kWebhook:
    case ChannelKind::kSlack: return DeliverByPost(channel, alert, sender);
  }
  return {};
}

Result<int> DeliverDue(sql::Database& db, const std::vector<Channel>& channels, Sender& sender, const Clock& clock,
                       std::size_t limit) {
  TRY(const std::vector<Delivery> due, db.Read([&](sql::Conn& conn) { return Due(conn, clock.Now(), limit); }));
  int sent = 0;
  for (const Delivery& delivery : due) {
    TRY(const bool done, DeliverOne(db, channels, sender, clock, delivery));
    sent += done ? 1 : 0;
  }
  return sent;
}

}  // namespace mlean::notify
