package Cases;

# The requests of t/data/cases.jsonl and t/data/found.jsonl with what the
# contract asks for:
#
#     for my $case (cases()) { ... }      # each case of cases.jsonl
#     for my $case (found()) { ... }      # each of found.jsonl
#
# A case has title, method, target, headers, sent (the bytes of the body, or
# undef), operation ('' out of scope), verdict, rules, and status, fault and
# code where it is rejected.  One that was found has conf, the configuration
# that it is for, and may lack operation and rules where any will do.

use strict;
use warnings;

use Exporter 'import';
use JSON::PP ();
use MIME::Base64 qw(decode_base64);

our @EXPORT = qw(cases found);

my $json = JSON::PP->new->utf8;

sub cases { return lines('cases') }

sub found { return lines('found') }

sub lines {
    my ($name) = @_;

    my $file = "t/data/$name.jsonl";

    my $n = 0;

    open my $fh, '<', $file or die "$file: $!\n";

    return map {
        my $case = $json->decode($_);
        my $body = delete $case->{body} // '';

        utf8::encode($body);
        $body = decode_base64($case->{body_base64}) if $case->{body_base64};

        %$case = (%$case, %{ delete $case->{expect} // {} });
        $case->{title} = "$name " . ++$n . " $case->{title}";
        $case->{sent} = $case->{method} =~ /^(?:POST|PUT)$/ ? $body : undef;
        $case->{operation} //= '' if exists $case->{operation};
        $case;
    } <$fh>;
}

1;
