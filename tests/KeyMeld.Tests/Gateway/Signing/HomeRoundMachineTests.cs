using System.Collections.Immutable;
using CsCheck;
using Google.Protobuf;
using KeyMeld.Gateway.Signing.Rounds;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Signing;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Gateway.Signing;

/// <summary>Rounds with members at home: places 0 and 1 are enclaves, 2 and 3 are at home.</summary>
public class HomeRoundMachineTests
{
    private static readonly RoundNodes Mixed = new(Enclaves: 2, Homes: 2);
    private static readonly RoundNodes Homes = new(Enclaves: 0, Homes: 2);

    [Fact]
    public void Until_all_members_at_home_have_come_no_enclave_holds_a_nonce_and_no_turn_is_taken()
    {
        var machine = new Machine(Mixed);
        Assert.Equal([new RoundEffect.Reserve(1, Written: true, Pause: 0, Turn: false)], machine.Effects);
        machine.Tell(new RoundInput.Reserved(1));
        Assert.Empty(machine.Effects);
        machine.Home(2);
        Assert.Empty(machine.Effects);
        Assert.True(machine.State.IsIdle);

        machine.Home(3);
        Assert.Equal([new RoundEffect.TakeTurn(1)], machine.Effects);
        machine.Tell(new RoundInput.Turned(1));
        Assert.Equal([new RoundCall.Open(1, 0), new RoundCall.Open(1, 1)], machine.Calls);
        machine.AnswerAll();
        Assert.Equal([new RoundCall.Sign(1, 0), new RoundCall.Sign(1, 1)], machine.Calls);
        Assert.Equal([0u, 1u, 2u, 3u], Assert.IsType<RoundState.Signing>(machine.State).Round1.Select(blob => blob.NodeIndex));
        machine.AnswerAll();
        machine.Home(3);
        Assert.IsType<RoundState.Signing>(machine.State);
        machine.Home(2);
        Assert.Equal([new RoundCall.Combine(1)], machine.Calls);
        machine.AnswerAll();
        Assert.Equal(SigningState.Completed, Assert.IsType<RoundState.Ended>(machine.State).Outcome.State);
    }

    [Fact]
    public void Where_everybody_is_at_home_the_enclaves_only_combine()
    {
        var machine = new Machine(Homes);
        machine.Tell(new RoundInput.Reserved(1));
        machine.Home(0);
        machine.Home(1);
        Assert.IsType<RoundState.Signing>(machine.State);
        Assert.Empty(machine.Effects);
        machine.Home(0);
        machine.Home(1);
        Assert.Equal([new RoundCall.Combine(1)], machine.Calls);
    }

    [Fact]
    public void Before_the_set_is_handed_out_a_member_that_restarted_replaces_what_it_said_but_one_process_cannot()
    {
        var machine = new Machine(Mixed);
        machine.Tell(new RoundInput.Reserved(1));
        machine.Home(2);
        Assert.IsType<HomeAnswer.Repeats>(machine.Answer(2, machine.Round1(2)));
        Assert.Equal(ErrorCodes.Conflict, Assert.IsType<HomeAnswer.Refused>(machine.Answer(2, machine.Round1(2, serial: 9))).Code);

        var restarted = machine.Round1(2, boot: 7);
        Assert.IsType<HomeAnswer.Fills>(machine.Answer(2, restarted));
        machine.Tell(new RoundInput.FromHome(2, restarted));
        machine.Home(3);
        machine.Tell(new RoundInput.Turned(1));
        machine.AnswerAll();
        Assert.Equal(restarted, Assert.IsType<RoundState.Signing>(machine.State).Round1[2]);
    }

    [Fact]
    public void A_member_that_lost_its_nonces_opens_the_next_attempt_and_everybody_begins_again()
    {
        var machine = Signing();
        machine.Tell(new RoundInput.FromHome(2, machine.Round1(2, attempt: 2, boot: 7)));
        Assert.Equal([new RoundEffect.Reserve(2, Written: false, Pause: 0, Turn: false)], machine.Effects);
        machine.Tell(new RoundInput.Answered(new RoundCall.Sign(1, 0), new RoundBlob { Attempt = 1 }));
        Assert.Equal(new RoundState.Reserving(2), machine.State);
        machine.Tell(new RoundInput.Reserved(2));
        Assert.Equal(2, Assert.IsType<RoundState.Gathering>(machine.State).Attempt);
    }

    [Fact]
    public void A_member_at_home_cannot_push_the_attempts_over_their_bound_or_further_than_the_next()
    {
        var machine = Signing();
        Assert.Equal(ErrorCodes.AttemptStale, Assert.IsType<HomeAnswer.Refused>(machine.Answer(2, machine.Round1(2, attempt: 3))).Code);
        for (var attempt = 2; attempt <= Limits.Attempts; attempt++)
        {
            machine.Tell(new RoundInput.FromHome(2, machine.Round1(2, attempt)));
            machine.Tell(new RoundInput.Reserved(attempt));
            Assert.Equal(attempt, machine.State.Number);
        }
        var over = machine.Round1(2, Limits.Attempts + 1);
        Assert.Equal(ErrorCodes.AttemptsExhausted, Assert.IsType<HomeAnswer.Refused>(machine.Answer(2, over)).Code);
        var before = machine.State;
        machine.Tell(new RoundInput.FromHome(2, over));
        Assert.Equal(before, machine.State);
    }

    [Fact]
    public void Round_two_of_another_set_or_process_is_refused_and_changes_nothing()
    {
        var machine = Signing();
        var honest = machine.Round2(2);
        foreach (var other in (RoundBlob[])[With(honest, blob => blob.Tau = ByteString.CopyFrom(new byte[32])), With(honest, blob => blob.Boot = ByteString.CopyFrom(new byte[16]))])
        {
            Assert.Equal(ErrorCodes.Conflict, Assert.IsType<HomeAnswer.Refused>(machine.Answer(2, other)).Code);
            var before = machine.State;
            machine.Tell(new RoundInput.FromHome(2, other));
            Assert.Equal(before, machine.State);
        }
        machine.Tell(new RoundInput.FromHome(2, honest));
        Assert.IsType<HomeAnswer.Repeats>(machine.Answer(2, honest));
        Assert.Equal(ErrorCodes.Conflict, Assert.IsType<HomeAnswer.Refused>(machine.Answer(2, With(honest, blob => blob.Blob = ByteString.CopyFrom([9])))).Code);
    }

    [Fact]
    public void After_a_restart_of_the_gateway_the_same_attempt_is_gathered_again()
    {
        var machine = new Machine(Mixed, resumeAt: 3);
        Assert.Equal([new RoundEffect.Adopt(3)], machine.Effects);
        machine.Tell(new RoundInput.Reserved(3));
        machine.Home(2);
        machine.Home(3);
        machine.Tell(new RoundInput.Turned(3));
        // An enclave that burnt it says so: only then is the attempt given up.
        machine.Tell(new RoundInput.Refused(new RoundCall.Open(3, 0), ErrorCodes.AttemptStale, "Why."));
        Assert.Equal([new RoundEffect.Reserve(4, Written: false, Pause: 2, Turn: false)], machine.Effects);
    }

    [Fact]
    public void A_request_that_expires_while_members_at_home_are_waited_for_ends_as_expired()
    {
        var machine = new Machine(Mixed);
        machine.Tell(new RoundInput.Reserved(1));
        machine.Home(2);
        machine.Tell(new RoundInput.Expired());
        var outcome = Assert.IsType<RoundState.Ended>(machine.State).Outcome;
        Assert.Equal((SigningState.Expired, ErrorCodes.Expired), (outcome.State, outcome.Error!.Code));
        machine.Home(3);
        Assert.IsType<RoundState.Ended>(machine.State);
    }

    [Fact]
    public void An_enclave_that_is_away_parks_the_signing_and_members_at_home_begin_the_next_attempt_with_it()
    {
        var machine = Signing();
        machine.Tell(new RoundInput.Refused(new RoundCall.Sign(1, 0), ErrorCodes.EnclaveUnreachable, "Why."));
        Assert.Equal([new RoundEffect.Park()], machine.Effects);
        Assert.Equal(ErrorCodes.Conflict, Assert.IsType<HomeAnswer.Refused>(machine.Answer(2, machine.Round1(2))).Code);
        machine.Tell(new RoundInput.Back());
        Assert.Equal([new RoundEffect.Reserve(2, Written: false, Pause: 0, Turn: false)], machine.Effects);
    }

    /// <summary>Whatever comes in whatever order: attempts only rise, no enclave is asked before all at home have come, and no second set of an attempt is signed.</summary>
    [Fact]
    public void Any_sequence_of_events_keeps_the_rules_of_nonces() => Gen.Int[0, 99].Array[1, 300].Sample(choices =>
    {
        var machine = new Machine(Mixed);
        var open = new List<RoundEffect>(machine.Effects);
        var sets = new Dictionary<int, ImmutableArray<RoundBlob>>();
        var attempt = 1;
        foreach (var choice in choices)
        {
            if (machine.State.IsOver)
            {
                break;
            }
            var input = choice < 40 || open.Count == 0 ? FromHome(machine, choice) : Follow(machine, open, choice);
            machine.Tell(input);
            open.AddRange(machine.Effects);
            Assert.True(machine.State.Number is not { } now || now >= attempt);
            attempt = machine.State.Number ?? attempt;
            foreach (var call in machine.Calls)
            {
                Assert.Equal(attempt, call.Attempt);
                Assert.True(call is not RoundCall.Open || machine.State is RoundState.Opening opening && opening.Round1.Has(Mixed.HomePlaces));
                if (call is RoundCall.Sign)
                {
                    var set = Assert.IsType<RoundState.Signing>(machine.State).Round1;
                    Assert.True(sets.TryAdd(call.Attempt, set) || sets[call.Attempt].SequenceEqual(set));
                }
            }
        }
    });

    private static RoundInput.FromHome FromHome(Machine machine, int choice)
    {
        var place = 2 + (choice % 2);
        var blob = (choice % 10) switch
        {
            0 => machine.Round1(place, (machine.State.Number ?? 1) + 1, boot: choice),
            1 => machine.Round1(place, boot: choice),
            2 => machine.Round1(place, serial: choice),
            < 7 when machine.State is RoundState.Signing => machine.Round2(place),
            _ => machine.Round1(place),
        };
        return new RoundInput.FromHome(place, blob);
    }

    private static RoundInput Follow(Machine machine, List<RoundEffect> open, int choice)
    {
        var effect = open[choice % open.Count];
        open.Remove(effect);
        return effect switch
        {
            RoundEffect.Reserve reserve => new RoundInput.Reserved(reserve.Attempt),
            RoundEffect.TakeTurn turn => new RoundInput.Turned(turn.Attempt),
            RoundEffect.Call call => (choice % 9) switch
            {
                0 => new RoundInput.Refused(call.What, ErrorCodes.NotLoaded, ""),
                1 => new RoundInput.Refused(call.What, ErrorCodes.EnclaveUnreachable, ""),
                2 => new RoundInput.Refused(call.What, ErrorCodes.AttemptStale, ""),
                _ => new RoundInput.Answered(call.What, Machine.Blob(call.What.Attempt, Machine.NodeOf(call.What), choice)),
            },
            RoundEffect.Park => new RoundInput.Back(),
            _ => new RoundInput.Overdue(),
        };
    }

    private static Machine Signing()
    {
        var machine = new Machine(Mixed);
        machine.Tell(new RoundInput.Reserved(1));
        machine.Home(2);
        machine.Home(3);
        machine.Tell(new RoundInput.Turned(1));
        machine.AnswerAll();
        Assert.IsType<RoundState.Signing>(machine.State);
        return machine;
    }

    private static RoundBlob With(RoundBlob blob, Action<RoundBlob> change)
    {
        var copy = blob.Clone();
        change(copy);
        return copy;
    }

    private sealed class Machine
    {
        private readonly RoundNodes _nodes;

        public Machine(RoundNodes nodes, int resumeAt = 0)
        {
            _nodes = nodes;
            (State, Effects) = resumeAt == 0 ? RoundMachine.Begin(nodes) : RoundMachine.Resume(resumeAt, nodes);
        }

        public RoundState State { get; private set; }

        public ImmutableArray<RoundEffect> Effects { get; private set; }

        public IEnumerable<RoundCall> Calls => Effects.OfType<RoundEffect.Call>().Select(call => call.What);

        public void Tell(RoundInput input) => (State, Effects) = RoundMachine.Transition(State, input, _nodes);

        public HomeAnswer Answer(int place, RoundBlob blob) => HomeAnswer.Of(State, place, blob);

        /// <summary>What is due from this place.</summary>
        public void Home(int place) => Tell(new RoundInput.FromHome(place, State is RoundState.Signing ? Round2(place) : Round1(place)));

        public RoundBlob Round1(int place, int? attempt = null, int boot = 0, int serial = 0)
        {
            var blob = Blob(attempt ?? State.Number ?? 1, place, serial);
            blob.Boot = ByteString.CopyFrom([.. new byte[12], .. BitConverter.GetBytes((boot * 16) + place)]);
            return blob;
        }

        public RoundBlob Round2(int place)
        {
            var signing = Assert.IsType<RoundState.Signing>(State);
            var blob = signing.Round1[place].Clone();
            blob.Tau = ByteString.CopyFrom(Round1Set.Tau([.. signing.Round1.Select(one => Hash32.Sha256(one.Blob.Span))]).Bytes);
            return blob;
        }

        public void AnswerAll()
        {
            foreach (var call in Calls.ToList())
            {
                Tell(new RoundInput.Answered(call, Blob(call.Attempt, NodeOf(call))));
            }
        }

        public static int NodeOf(RoundCall call) => call switch
        {
            RoundCall.Open open => open.Node,
            RoundCall.Sign sign => sign.Node,
            _ => 0,
        };

        public static RoundBlob Blob(int attempt, int place, int serial = 0) =>
            new() { Attempt = (uint)attempt, NodeIndex = (uint)place, Blob = ByteString.CopyFrom(BitConverter.GetBytes((serial * 16) + place)) };
    }
}
