; SPDX-License-Identifier: MIT
;
; Lesson 8: the device is there, but no page table leads to it.

        bits 64
        org 0x100000

ENTRY   equ 0x1018                      ; for linear 0xc0000000 to 0xffffffff
DEVICE  equ 0xe0000000                  ; guest-physical

start:
; Your code goes here.

        xor     eax, eax
        out     0xf4, al
