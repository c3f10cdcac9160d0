// Keys as indices of ImGuiIO::KeysDown and ImGui::IsKeyPressed, whichever Canvas there is. Digits, capital
// letters and what a US keyboard types without shift are their ASCII codes ('F', '-', '='); these are the
// others.
#pragma once

namespace xs::viz::key {

// GLFW's numbers; window.cpp compares them.
inline constexpr int escape = 256, enter = 257, tab = 258, backspace = 259, insert = 260, del = 261;
inline constexpr int right = 262, left = 263, down = 264, up = 265;
inline constexpr int page_up = 266, page_down = 267, home = 268, end = 269;
inline constexpr int f1 = 290, f11 = 300;  // those between follow each other
inline constexpr int keypad_minus = 333, keypad_plus = 334, keypad_enter = 335;

}  // namespace xs::viz::key
