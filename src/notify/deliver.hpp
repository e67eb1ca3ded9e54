// Delivery of one alert to one channel, and the loop over what is due.
//
// At least once: an attempt is recorded before it is made and after. A receiver tells repeats by the header Idempotency-Key (or
// "id" in the file's lines), which is the alert's id. Errors name the channel, never its URL.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "net/client.hpp"
#include "notify/alert.hpp"
#include "sql/database.hpp"

namespace mlean::notify {

// How HTTP requests leave the process. Real: net/client.hpp; tests: a fake. Implementations are called by one thread at a time.
class Sender {
 public:
  virtual ~Sender() = default;
  // The answer, whatever its status; an error when there was none.
  virtual Result<net::Response> Send(const net::Request& request) = 0;
};

// {"id","kind","severity","title","text","fields","time"} on one line: the file's line and the webhook's body.
std::string AlertJson(const Alert& alert);
// {"text": …, "blocks": [header, section, fields]} within Slack's limits; & < > escaped.
std::string SlackJson(const Alert& alert);

// What a failed request to a secret URL may say: the code's words, for the transport's own may name the URL.
std::string_view CauseOf(Code code);
// 408, 429 and 5xx: the same request may be answered otherwise later.
bool MayHeal(int status);

// One attempt. Errors that may heal: kTimeout, kIo, kBusy (no answer, 408, 429, 5xx); final: kDenied (other statuses), kInvalid.
Result<void> Deliver(const Channel& channel, const Alert& alert, Sender& sender);

// Delivers everything due at clock.Now(), at most `limit` attempts; returns how many succeeded. A failed delivery is put off or
// given up in the table, and is no error here. A delivery to a channel that is not configured any more is given up.
Result<int> DeliverDue(sql::Database& db, const std::vector<Channel>& channels, Sender& sender, const Clock& clock,
                       std::size_t limit = 100);

}  // namespace mlean::notify
