// Questions to the user, asked as DVC asks them.
#pragma once

#include <atomic>
#include <string_view>

namespace mlean::verbs {

// Prints "QUESTION [y/n] " and reads yes, no, y or n from stdin, asking again after anything else. False without asking when
// stdout is no terminal, at the end of stdin, and when `cancel` turns true.
bool Confirm(std::string_view question, const std::atomic<bool>* cancel = nullptr);
// "QUESTION [y/n]: ", asked also when stdout is no terminal, as DVC's gc does.
bool ConfirmAnywhere(std::string_view question, const std::atomic<bool>* cancel = nullptr);

}  // namespace mlean::verbs
