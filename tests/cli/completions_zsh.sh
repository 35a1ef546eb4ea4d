complete_with zsh

# types the lines into a terminal and prints what a Tab makes of them: for several candidates, their common beginning
cat >ask_zsh.sh <<'END'
zmodload zsh/zpty
zpty shell zsh -f -i
send() { zpty -w shell "$1"; zpty -w shell 'print @""@'; zpty -r shell text '*@@*' }
send "fpath=($PWD/scripts \$fpath); autoload -Uz compinit; compinit -u -d $PWD/dump"
send 'show() { print -r -- "$BUFFER" >>typed.txt; BUFFER=""; print "@"@ }; zle -N show; bindkey "^I" complete-word; bindkey "^X" show'
send 'setopt no_beep no_list_ambiguous no_auto_list no_auto_menu'
while IFS= read -r line; do
    zpty -n -w shell "$line"$'\t\x18'
    zpty -r shell text '*@@*'
done
zpty -d shell
paste -d '=' lines.txt typed.txt
END
timeout 60 zsh -f ask_zsh.sh <lines.txt 2>&1
