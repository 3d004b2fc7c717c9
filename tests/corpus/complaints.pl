#!/usr/bin/perl
# Reads every mail of a folder with MIME::Parser and says what it complains of.
use strict;
use warnings;
use MIME::Parser;

my ($all, $wrong) = (0, 0);
for my $path (sort glob("$ARGV[0]/*.eml")) {
    $all++;
    my $parser = MIME::Parser->new;
    $parser->output_to_core(1);
    $parser->tmp_to_core(1);
    my @said;
    local $SIG{__WARN__} = sub { push @said, @_ };
    eval {
        open(my $file, '<:raw', $path) or die "$path: $!";
        my $entity = $parser->parse($file);
        push @said, $parser->results->errors, $parser->results->warnings;
        push @said, "ambiguous" if $parser->can('ambiguous_content') && $parser->ambiguous_content;
        push @said, "no head" unless defined $entity->head->get('From');
        1;
    } or push @said, $@;
    if (@said) {
        $wrong++;
        print "  $path: @said\n";
    }
}
print "Perl's MIME::Parser: $all mails, $wrong with a complaint\n";
exit($wrong || !$all ? 1 : 0);
