#include "ui/pages.hpp"

extern "C" {
// The bytes of the documents, embedded by pages.S.
extern const char mlean_status_page[];
extern const char mlean_status_page_end[];
extern const char mlean_tracking_page[];
extern const char mlean_tracking_page_end[];
}

namespace mlean::ui {
namespace {

void BindPage(net::Router& router, std::string_view path, std::string_view document) {
  router.Add("GET", path, {.on = net::On::kInline, .max_body = 1u << 16, .access = net::Access::kReader},
             [document](const net::Call&) {
               net::Reply reply;
               reply.content_type = "text/html; charset=utf-8";
               reply.static_body = document;
               return reply.With("Cache-Control", "no-cache");
             });
}

std::string_view Between(const char* begin, const char* end) { return {begin, static_cast<std::size_t>(end - begin)}; }

}  // namespace

void BindPages(net::Router& router) {
  BindPage(router, "/", Between(mlean_status_page, mlean_status_page_end));
  BindPage(router, "/tracking", Between(mlean_tracking_page, mlean_tracking_page_end));
}

}  // namespace mlean::ui
