// Inside of the remotes room: Azure's Shared Key authorisation ("Authorize with Shared Key", Blob service, version 2009-09-19 and
// later).
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "net/client.hpp"

namespace mlean::remotes {

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string HttpDate(TimeMs time);

// The text that is signed, for a request that has all its headers.
std::string AzureStringToSign(const net::Request& request, std::string_view account);
// Adds x-ms-date and Authorization. `key`: the raw bytes of the account key.
void SignAzure(net::Request& request, std::string_view account, std::string_view key, TimeMs now);

// "AccountName=a;AccountKey=b==;…" by lower-case names.
std::map<std::string, std::string, std::less<>> ReadConnectionString(std::string_view text);

}  // namespace mlean::remotes
