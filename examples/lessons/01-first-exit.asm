; SPDX-License-Identifier: MIT
;
; Lesson 1: the first exit. A guest begins at its first byte, in 64-bit mode.

        bits 64
        org 0x100000

start:
; Your code goes here.

        hlt                             ; the VMM does not come back here
