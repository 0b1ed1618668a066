package Contract;

# CONTRACT.md read once more, for the tests alone and without a look at src/:
# what a gateway has to say of a request.  It is slow and plain on purpose, and
# shares nothing with what it judges.
#
#     judge({ method, target, headers => [[name, value], ...], body, chunked,
#             prefix }, { rule => [severity, max], ... })
#
# returns the operation, verdict, status and code; "must" has the severities of
# the rules that are to be reported, "may" those that the contract leaves open;
# "asks" says whether the body is wanted, so whether a client that expects
# "100 Continue" is told to go on.

use strict;
use warnings;
no warnings 'recursion';

use Contract::Facts;
use Contract::Path qw(path_reading);

our @RULES = map { $_->{name} } @{ $FACTS->{rules} };

my $override = $FACTS->{method_override};
my %operation = map { $_->{name} => $_ } @{ $FACTS->{operations} };

sub judge {
    my ($request, $changed) = @_;

    my $self = bless { %$request, found => {}, may => {}, codes => {},
                       rules => { map { my $c = $changed->{$_};
                           ($_ => { %{ $RULE{$_} },
                                    $c ? (severity => $c->[0]) : (),
                                    $c && $c->[1] ? (max => $c->[1]) : () })
                       } @RULES } };

    my ($path, $query) = split /\?/, $self->{target}, 2;

    my $read = path_reading($self->{method}, $path, $self->{prefix});

    return $self->verdict if !$read->{scope};

    @$self{qw(operation family project id methods)} =
        @$read{qw(operation family project id methods)};
    $self->{odd} = $read->{kind} eq 'odd';
    $self->{reads} = $operation{ $self->{operation} } // {};
    $self->{query} = $query // '';
    $self->{asks} = !$self->before_the_body;

    if ($self->{asks} && $self->{reads}{body}) {
        $self->text && $self->members;
    }

    return $self->verdict;
}

sub found {
    my ($self, $rule, $code) = @_;

    return if $self->{rules}{$rule}{severity} eq 'pass';

    $self->{codes}{$rule} = $code if !$self->{found}{$rule}++;
}

# what the contract does not decide

sub open_whether { $_[0]{may}{$_[1]} = 1 }

sub max { return $_[0]{rules}{$_[1]}{max} }

sub rejects {
    my ($self) = @_;

    return grep { $self->{rules}{$_}{severity} eq 'reject' }
           sort { $RULE{$a}{order} <=> $RULE{$b}{order} }
           keys %{ $self->{found} };
}

sub verdict {
    my ($self) = @_;

    my ($first) = $self->rejects;
    my $known = defined $self->{operation};
    my ($status, $code);

    if ($first) {
        my $own = $self->{codes}{$first} // $RULE{$first};

        $own = $own->{codes}[0]
            if $first eq 'operation-known' && @{ $self->{methods} };

        ($status, $code) = @$own{'status', $self->{family}};
    }

    return {
        operation => $self->{operation} // '',
        family    => $self->{family} // '',
        verdict   => !$known ? '-' : $first ? 'rejected'
                     : %{ $self->{found} } ? 'warned' : 'accepted',
        status    => $status,
        code      => $code // '',
        asks      => !$known || $self->{asks},
        must      => { map { $_ => $self->{rules}{$_}{severity} }
                       keys %{ $self->{found} } },
        may       => $self->{may},
    };
}


# section 2, the first stage; true if it ends the judging

sub values_of {
    my ($self, $name) = @_;

    return map { $_->[1] =~ s/^[ \t]+|[ \t]+\z//gr }
           grep { lc $_->[0] eq lc $name } @{ $self->{headers} };
}

sub before_the_body {
    my ($self) = @_;

    # the family of an odd path is for its own code alone

    if ($self->{odd}) {
        $self->found('uri-canonical');
        return 1 if $self->rejects;

        $self->{family} = $self->{reads}{family} // $self->{family};
    }

    my $judged = $self->{reads}{body} || $self->{reads}{query};

    $self->found('project-id')
        if $judged && !$self->holds('project-id', $self->{project} // '');

    $self->found('project-match')
        if ($self->{tenant} // '') ne ''
           && $self->holds('project-id', $self->{project} // '')
           && $self->{project} ne $self->{tenant};

    $self->found('method-override')
        if grep({ decoded(s/=.*//sr, 0) eq $override->{param} }
                split /[&;]/, $self->{query})
           || map { $self->values_of($_) } @{ $override->{headers} };

    $self->found('snapshot-id')
        if $judged && defined $self->{id}
           && !$self->holds('snapshot-id', $self->{id});

    $self->found('operation-known') if $self->{operation} eq 'unknown';

    if ($self->{reads}{body}) {
        my @types = $self->values_of('Content-Type');

        $self->found('content-type')
            if @types != 1 || !is_json_type($types[0]);
        $self->found('content-encoding')
            if grep { !/^(?:identity)?\z/i }
                    $self->values_of('Content-Encoding');
        $self->found('body-size')
            if !$self->{chunked}
               && length $self->{body} > $self->max('body-size');

    } elsif ($self->{reads}{query}) {
        $self->parameters;
    }

    return scalar $self->rejects;
}

sub is_json_type {
    my ($type) = @_;

    my $token = qr/[!#\$%&'*+.^_`|~0-9A-Za-z-]+/;

    $type =~ /\Gapplication\/json[ \t]*/gci or return 0;

    while ($type =~ /\G;[ \t]*/gc) {
        $type =~ /\G($token)=($token|"(?:[^"\\]|\\.)*")[ \t]*/gc or next;
        my ($name, $value) = (lc $1, $2);

        return 0 if $name =~ /^charset\*/ || $value =~ /charset/i;
        return 0 if $name eq 'charset'
                    && $value !~ /^(?:utf-?8|"utf-?8")\z/i;
    }

    return (pos($type) // 0) == length $type;
}

sub decoded {
    my ($text, $plus) = @_;

    $text =~ tr/+/ / if $plus;
    return $text =~ s/%([0-9a-fA-F]{2})/chr hex $1/ger;
}

sub parameters {
    my ($self) = @_;

    my %seen;
    my %known = map { $_->{name} => $_ }
                @{ $FACTS->{queries}{ $self->{reads}{query} }{params} };

    $self->found('param-encoding') if $self->{query} =~ /;/;

    for my $piece (grep { $_ ne '' } split /&/, $self->{query}) {
        my ($name, $raw) = split /=/, $piece, 2;

        $name = decoded($name, 1);
        $raw //= '';

        if (!$known{$name}) {
            $self->found('param-unknown');
            next;
        }

        my $value = decoded($raw, 1);
        my $whole = $raw !~ /%(?![0-9a-fA-F]{2})/ && is_utf8($value)
                    && $value !~ /[\x00-\x1f\x7f]|\xc2[\x80-\x9f]/;

        my @own = $self->broken($known{$name}, $value);

        my $refused = $seen{$name}++;

        if ($refused) {
            $self->found('param-duplicate');
            $refused = $self->{rules}{'param-duplicate'}{severity} eq 'reject';
        }

        # whether a value that is refused already, or cannot be read, breaks
        # more rules

        if ($refused) {
            $self->open_whether('param-encoding') if !$whole;

        } elsif (!$whole) {
            $self->found('param-encoding');
        }

        for my $own (@own) {
            if ($refused || !$whole) {
                $self->open_whether($own->[0]);

            } else {
                $self->found(@$own);
            }
        }
    }
}

sub greater {
    my ($digits, $max) = @_;

    $digits =~ s/^0+(?=.)//;
    return length $digits <=> length $max || $digits cmp $max;
}

# the rules that a value breaks, each with a code where it is not the rule's own;
# of the ranges of a number, the first one

sub broken {
    my ($self, $field, $value) = @_;

    my @broken;

    for my $rule (@{ $field->{rules} // [] }) {
        my $code;

        next if $self->holds($rule, $value, \$code);

        push @broken, [$rule, $code];
        last if $RULE{$rule}{check} eq 'range';
    }

    return @broken;
}

my $uuid = qr/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/i;

my %check = (
    uuid => sub { $_[1] =~ /^$uuid\z/ },

    pattern => sub { $_[1] =~ /^(?:$_[0]{pattern})\z/ },

    prefix => sub { index($_[1], $_[0]{prefix}) != 0 },

    bytes => sub { length $_[1] <= $_[0]{max} },

    characters => sub {
        my ($rule, $value) = @_;

        utf8::decode($value);
        return length $value <= $rule->{max}
               && $value !~ /[\Q$rule->{none_of}\E]/;
    },

    words => sub {
        my ($rule, $value) = @_;

        return grep { $_ eq ($rule->{any_case} ? lc $value : $value) }
               @{ $rule->{words} };
    },

    # the second code is that of a number that is too great

    range => sub {
        my ($rule, $value, $code) = @_;

        return 0 if $value !~ /^[0-9]+\z/
                    || greater($value, $rule->{min}) < 0;
        return 1 if greater($value, $rule->{max}) <= 0;

        $$code = $rule->{codes}[0] if $rule->{codes};
        return 0;
    },
);

sub holds {
    my ($self, $name, $value, $code) = @_;

    my $rule = $self->{rules}{$name};

    return $check{ $rule->{check} }->($rule, $value, $code);
}


# the second stage; true if the members are to be judged

sub text {
    my ($self) = @_;

    if ($self->{chunked} && length $self->{body} > $self->max('body-size')) {
        $self->found('body-size');
        return 0 if $self->rejects;
    }

    $self->{duplicate} = 0;
    $self->{deep} = 0;

    my $tree = eval { $self->json };

    if (!$tree || $tree->{type} ne 'object' || $self->{deep}
        || !is_utf8($self->{body}))
    {
        $self->found('json-syntax');

        # a reader that has found one of the two need not go on

        if ($self->{duplicate}) {
            $self->open_whether('json-duplicate-key');
            $self->open_whether('json-syntax')
                if $self->{rules}{'json-duplicate-key'}{severity} eq 'reject';
        }

    } elsif ($self->{duplicate}) {
        $self->found('json-duplicate-key');
    }

    $self->{tree} = $tree;

    return !$self->rejects;
}

sub is_utf8 {
    my ($bytes) = @_;

    pos($bytes) = 0;

    1 while $bytes =~ /\G(?:[\x00-\x7f]+
                         | [\xc2-\xdf][\x80-\xbf]
                         | \xe0[\xa0-\xbf][\x80-\xbf]
                         | [\xe1-\xec\xee\xef][\x80-\xbf]{2}
                         | \xed[\x80-\x9f][\x80-\xbf]
                         | \xf0[\x90-\xbf][\x80-\xbf]{2}
                         | [\xf1-\xf3][\x80-\xbf]{3}
                         | \xf4[\x80-\x8f][\x80-\xbf]{2})/gcx;

    return pos($bytes) == length $bytes;
}

# RFC 8259, on bytes

sub json {
    my ($self) = @_;

    for ($self->{body}) {
        pos = 0;
        my $tree = $self->json_value;
        /\G[ \t\r\n]*/gc;
        die "trailing\n" if pos() != length;
        return $tree;
    }
}

sub json_value {
    my ($self) = @_;

    for ($self->{body}) {
        /\G[ \t\r\n]*/gc;

        return { type => 'string', value => $self->json_string }
            if substr($_, pos, 1) eq '"';
        return { type => 'boolean' } if /\G(?:true|false)/gc;
        return { type => 'null' } if /\Gnull/gc;

        return { type => 'number', value => $1 }
            if /\G(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)/gc;
        return { type => 'array', values => $self->json_list(']') } if /\G\[/gc;

        return { type => 'object', members => $self->json_list('}') }
            if /\G\{/gc;

        die "no value\n";
    }
}

sub json_list {
    my ($self, $end) = @_;

    my (@list, %seen);

    local $self->{level} = ($self->{level} // 0) + 1;

    $self->{deep} = 1 if $self->{level} > 512;

    for ($self->{body}) {
        /\G[ \t\r\n]*/gc;
        return \@list if /\G\Q$end\E/gc;

        while (1) {
            my $key;

            if ($end eq '}') {
                /\G[ \t\r\n]*/gc;
                $key = $self->json_string;
                $self->{duplicate} ||= $seen{$key}++;
                /\G[ \t\r\n]*:/gc or die "no colon\n";
            }

            my $value = $self->json_value;
            push @list, $end eq '}' ? [$key, $value] : $value;

            /\G[ \t\r\n]*/gc;
            return \@list if /\G\Q$end\E/gc;
            /\G,/gc or die "no comma\n";
        }
    }
}

my %escape = (b => "\b", f => "\f", n => "\n", r => "\r", t => "\t");

sub json_string {
    my ($self) = @_;

    my $s = '';

    for ($self->{body}) {
        /\G"/gc or die "no string\n";

        while (!/\G"/gc) {
            if (/\G([^"\\\x00-\x1f]+)/gc) {
                $s .= $1;

            } elsif (/\G\\(["\\\/bfnrt])/gc) {
                $s .= $escape{$1} // $1;

            } elsif (/\G\\u([0-9a-fA-F]{4})/gc) {
                my $c = hex $1;

                die "a NUL\n" if $c == 0;
                die "a lone surrogate\n" if $c >= 0xdc00 && $c < 0xe000;

                if ($c >= 0xd800 && $c < 0xdc00) {
                    /\G\\u(d[c-f][0-9a-f]{2})/gci or die "a lone surrogate\n";
                    $c = 0x10000 + (($c - 0xd800) << 10) + (hex($1) - 0xdc00);
                }

                my $char = chr $c;
                utf8::encode($char);
                $s .= $char;

            } else {
                die "no string\n";
            }
        }
    }

    return $s;
}


# the third stage; of a key that is there twice each value is judged

sub members {
    my ($self) = @_;

    my $body = $FACTS->{bodies}{ $self->{reads}{body} };
    my $wrapper = $body->{wrapper};
    my %top = by_key($self->{tree});

    $self->found('field-unknown') if grep { $_ ne $wrapper } keys %top;

    $self->inside($body, $_) for @{ $top{$wrapper} // [undef] };
}

sub by_key {
    my ($object) = @_;
    my %values;

    push @{ $values{ $_->[0] } }, $_->[1] for @{ $object->{members} };

    return %values;
}

sub inside {
    my ($self, $body, $inside) = @_;

    if (!$inside || $inside->{type} ne 'object') {
        $self->found($inside ? 'field-type' : 'field-required');
        $self->open_whether($body->{any_of}) if $body->{any_of};
        return;
    }

    my %has = by_key($inside);
    my %known = map { $_->{name} => $_ } @{ $body->{fields} };
    my $some = 0;

    $self->found('field-unknown') if grep { !$known{$_} } keys %has;

    for my $row (values %known) {
        my $field = $row;
        my $members = $has{ $field->{name} };

        if (!$members) {
            $self->found('field-required') if $field->{required};
            next;
        }

        # where the alias is refused, it is open whether more is said of it

        if (my $name = $field->{alias_of}) {
            $self->found('field-alias');
            $field = $known{$name};

            if ($self->{rules}{'field-alias'}{severity} eq 'reject') {
                $self->open_whether($body->{any_of}) if $body->{any_of};
                next;
            }
        }

        $some = 1 if grep { $_->{type} ne 'null' } @$members;
        $self->field($field, $_) for @$members;
    }

    $self->found($body->{any_of}) if $body->{any_of} && !$some;
}

sub field {
    my ($self, $field, $member) = @_;

    my $type = $field->{type};

    return if $field->{nullable} && $member->{type} eq 'null';

    if ($field->{as_string} && $member->{type} eq 'string') {
        $self->found($self->holds($field->{as_string}, $member->{value})
                     ? $field->{as_string} : 'field-type');

    } elsif ($member->{type} ne $type) {
        $self->found('field-type');

    } elsif ($field->{required} && ($member->{value} // 'x') eq '') {
        $self->found('field-required');

    } elsif ($field->{entry}) {
        $self->entries($field->{entry}, $member);

    } else {
        $self->found(@$_) for $self->broken($field, $member->{value});
    }
}

sub entries {
    my ($self, $rule, $object) = @_;

    my $max = $self->max($rule);

    for (@{ $object->{members} }) {
        my ($key, $value) = @$_;

        $self->found($rule)
            if $key eq '' || length $key > $max || $value->{type} ne 'string'
               || length $value->{value} > $max;
    }
}

1;
