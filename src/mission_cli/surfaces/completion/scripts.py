"""The completion scripts: each asks `mission _complete` what can follow, and has no list of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_BASH = """\
# bash completion for mission: mission completion bash
_mission() {
    local line IFS=$'\\n'
    COMPREPLY=()
    while read -r line; do
        case $line in
            :files) compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")) ;;
            :folders) compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -d -- "${COMP_WORDS[COMP_CWORD]}")) ;;
            */) compopt -o nospace 2>/dev/null; COMPREPLY+=("$line") ;;
            *) COMPREPLY+=("$line") ;;
        esac
    done < <("${COMP_WORDS[0]/#\\~/$HOME}" _complete bash "$COMP_CWORD" "${COMP_WORDS[@]}" 2>/dev/null)
}
complete -F _mission mission
"""
_ZSH = """\
#compdef mission
# zsh completion for mission: mission completion zsh
_mission() {
    local line
    local -a found
    while IFS= read -r line; do
        case $line in
            :files) _files ;;
            :folders) _files -/ ;;
            *) found+=("$line") ;;
        esac
    done < <("${~words[1]}" _complete zsh $((CURRENT - 1)) "${words[@]}" 2>/dev/null)
    (( ${#found} )) && _describe -V 'mission' found -S ' '
}
if [ "$funcstack[1]" = "_mission" ]; then
    _mission "$@"
else
    compdef _mission mission
fi
"""
_FISH = """\
# fish completion for mission: mission completion fish
function __mission_complete
    set -l before (commandline -opc)
    set -l word (commandline -ct)
    for line in ($before[1] _complete fish (count $before) $before $word 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path $word
            case :folders
                __fish_complete_directories $word
            case '*'
                echo $line
        end
    end
end
complete -c mission -f -a '(__mission_complete)'
"""

SCRIPTS: Mapping[str, str] = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}
"""By the name of the shell."""
