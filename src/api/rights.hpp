// Rights: what the sender of a request may do with experiments and models, for handlers that know by now which ones are meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "access/authenticator.hpp"
#include "access/grant_store.hpp"
#include "net/message.hpp"

namespace mlean::api {

// The server's rules, the same for all requests.
struct Rules {
  access::Authenticator* users = nullptr;  // null: everybody may do everything
  access::Level by_default = access::Level::kRead;
};

// True without a caller (then nobody is asked who he is), and when the caller has `level` or more on the object.
Result<bool> Allowed(sql::Conn& conn, const Caller* caller, const Rules& rules, access::Object object, access::Level level);
// The same for a registered model by its name; a model that is not there has the default level.
Result<bool> AllowedOnModel(sql::Conn& conn, const Caller* caller, const Rules& rules, std::string_view model,
                            access::Level level);
// kDenied "cannot use model 'm': it needs EDIT".
Result<void> RequireOnModel(sql::Conn& conn, const Caller* caller, const Rules& rules, std::string_view model,
                            access::Level level);
// Who makes something may do everything with it.
Result<void> GrantToCreator(sql::Txn& txn, const Caller* caller, access::Object object);
// The ids whose experiments the caller may read, in their order.
Result<std::vector<std::string>> ReadableExperiments(sql::Conn& conn, const Caller* caller, const Rules& rules,
                                                     std::vector<std::string> ids);
// The condition of a search (access::RowsReadableBy); none without a caller.
sql::RowCondition Readable(const Caller* caller, const Rules& rules, access::Kind kind);

}  // namespace mlean::api
