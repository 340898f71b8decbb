using CsCheck;
using KeyMeld.Protocol;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Rounds;
using static KeyMeld.Protocol.Rounds.AttemptAction;
using static KeyMeld.Protocol.Rounds.AttemptState;

namespace KeyMeld.Tests.Enclave.Signing;

public sealed class AttemptMachineTests
{
    private static readonly Hash32 s_tau = Hash32.Sha256("this set"u8);
    private static readonly Hash32 s_other = Hash32.Sha256("another set"u8);

    // Every state against every command; the newest attempt is 5, the third opened in this boot.
    private static readonly (AttemptState State, AttemptCommand Command, AttemptState Next, AttemptAction Action)[] s_table =
    [
        (new Untouched(), new AttemptCommand.Open(1), new Opened(1, 1), new HoldFreshNonces()),
        (new Untouched(), new AttemptCommand.Open(7), new Opened(7, 1), new HoldFreshNonces()),
        (new Untouched(), new AttemptCommand.Open(0), new Untouched(), new Refuse(ErrorCodes.AttemptStale)),
        (new Untouched(), new AttemptCommand.Sign(1, s_tau), new Untouched(), new Refuse(ErrorCodes.NotLoaded)),
        (new Untouched(), new AttemptCommand.Burn(), new Untouched(), new Wipe()),
        (new Untouched(), new AttemptCommand.Reject(), new Rejected(), new Wipe()),

        (new Opened(5, 3), new AttemptCommand.Open(4), new Opened(5, 3), new Refuse(ErrorCodes.AttemptStale)),
        (new Opened(5, 3), new AttemptCommand.Open(5), new Opened(5, 3), new RepeatRound1()),
        (new Opened(5, 3), new AttemptCommand.Open(6), new Opened(6, 4), new HoldFreshNonces()),
        (new Opened(5, 3), new AttemptCommand.Sign(4, s_tau), new Opened(5, 3), new Refuse(ErrorCodes.NonceAlreadyUsed, NonceReuse: true)),
        (new Opened(5, 3), new AttemptCommand.Sign(5, s_tau), new Answered(5, 3, s_tau), new UseNonces()),
        (new Opened(5, 3), new AttemptCommand.Sign(6, s_tau), new Opened(5, 3), new Refuse(ErrorCodes.NotLoaded)),
        (new Opened(5, 3), new AttemptCommand.Burn(), new Burnt(5, 3), new Wipe()),
        (new Opened(5, 3), new AttemptCommand.Reject(), new Rejected(), new Wipe()),

        (new Answered(5, 3, s_tau), new AttemptCommand.Open(4), new Answered(5, 3, s_tau), new Refuse(ErrorCodes.AttemptStale)),
        (new Answered(5, 3, s_tau), new AttemptCommand.Open(5), new Answered(5, 3, s_tau), new RepeatRound1()),
        (new Answered(5, 3, s_tau), new AttemptCommand.Open(6), new Opened(6, 4), new HoldFreshNonces()),
        (new Answered(5, 3, s_tau), new AttemptCommand.Sign(4, s_tau), new Answered(5, 3, s_tau), new Refuse(ErrorCodes.NonceAlreadyUsed, NonceReuse: true)),
        (new Answered(5, 3, s_tau), new AttemptCommand.Sign(5, s_tau), new Answered(5, 3, s_tau), new RepeatRound2()),
        (new Answered(5, 3, s_tau), new AttemptCommand.Sign(5, s_other), new Answered(5, 3, s_tau), new Refuse(ErrorCodes.NonceAlreadyUsed, NonceReuse: true)),
        (new Answered(5, 3, s_tau), new AttemptCommand.Sign(6, s_tau), new Answered(5, 3, s_tau), new Refuse(ErrorCodes.NotLoaded)),
        (new Answered(5, 3, s_tau), new AttemptCommand.Burn(), new Burnt(5, 3), new Wipe()),
        (new Answered(5, 3, s_tau), new AttemptCommand.Reject(), new Rejected(), new Wipe()),

        (new Burnt(5, 3), new AttemptCommand.Open(4), new Burnt(5, 3), new Refuse(ErrorCodes.AttemptStale)),
        (new Burnt(5, 3), new AttemptCommand.Open(5), new Burnt(5, 3), new Refuse(ErrorCodes.AttemptStale)),
        (new Burnt(5, 3), new AttemptCommand.Open(6), new Opened(6, 4), new HoldFreshNonces()),
        (new Burnt(5, 3), new AttemptCommand.Sign(4, s_tau), new Burnt(5, 3), new Refuse(ErrorCodes.NonceAlreadyUsed, NonceReuse: true)),
        (new Burnt(5, 3), new AttemptCommand.Sign(5, s_tau), new Burnt(5, 3), new Refuse(ErrorCodes.NonceAlreadyUsed, NonceReuse: true)),
        (new Burnt(5, 3), new AttemptCommand.Sign(6, s_tau), new Burnt(5, 3), new Refuse(ErrorCodes.NotLoaded)),
        (new Burnt(5, 3), new AttemptCommand.Burn(), new Burnt(5, 3), new Wipe()),
        (new Burnt(5, 3), new AttemptCommand.Reject(), new Rejected(), new Wipe()),

        (new Rejected(), new AttemptCommand.Open(6), new Rejected(), new Refuse(ErrorCodes.Rejected)),
        (new Rejected(), new AttemptCommand.Sign(5, s_tau), new Rejected(), new Refuse(ErrorCodes.Rejected)),
        (new Rejected(), new AttemptCommand.Burn(), new Rejected(), new Wipe()),
        (new Rejected(), new AttemptCommand.Reject(), new Rejected(), new Wipe()),

        (new Opened(99, Limits.Attempts), new AttemptCommand.Open(100), new Opened(99, Limits.Attempts), new Refuse(ErrorCodes.AttemptsExhausted)),
        (new Answered(99, Limits.Attempts, s_tau), new AttemptCommand.Open(100), new Answered(99, Limits.Attempts, s_tau), new Refuse(ErrorCodes.AttemptsExhausted)),
        (new Burnt(99, Limits.Attempts), new AttemptCommand.Open(100), new Burnt(99, Limits.Attempts), new Refuse(ErrorCodes.AttemptsExhausted)),
        (new Burnt(99, Limits.Attempts - 1), new AttemptCommand.Open(100), new Opened(100, Limits.Attempts), new HoldFreshNonces()),
    ];

    [Fact]
    public void Every_state_answers_every_command_as_the_table_says()
    {
        foreach (var (state, command, next, action) in s_table)
        {
            Assert.Equal((next, action), AttemptMachine.Next(state, command));
        }
    }

    [Fact]
    public void The_table_has_every_pair_of_state_and_command()
    {
        var states = typeof(AttemptState).GetNestedTypes().Where(type => type.IsSubclassOf(typeof(AttemptState))).ToList();
        var commands = typeof(AttemptCommand).GetNestedTypes().Where(type => type.IsSubclassOf(typeof(AttemptCommand))).ToList();
        Assert.Equal((5, 4), (states.Count, commands.Count));
        foreach (var state in states)
        {
            foreach (var command in commands)
            {
                Assert.Contains(s_table, row => row.State.GetType() == state && row.Command.GetType() == command);
            }
        }
    }

    [Fact]
    public void Whatever_happens_no_attempt_uses_its_nonces_twice()
    {
        var command = Gen.OneOf(
            Gen.Int[1, 6].Select(attempt => (AttemptCommand)new AttemptCommand.Open(attempt)),
            Gen.Select(Gen.Int[1, 6], Gen.Bool, (attempt, other) => (AttemptCommand)new AttemptCommand.Sign(attempt, other ? s_other : s_tau)),
            Gen.Const((AttemptCommand)new AttemptCommand.Burn()),
            Gen.Frequency((1, Gen.Const((AttemptCommand)new AttemptCommand.Reject())), (20, Gen.Const((AttemptCommand)new AttemptCommand.Burn()))));
        command.Array[0, 60].Sample(commands =>
        {
            AttemptState state = new Untouched();
            var held = 0;
            var used = new HashSet<int>();
            var newest = 0;
            foreach (var next in commands)
            {
                (state, var action) = AttemptMachine.Next(state, next);
                switch (action)
                {
                    case HoldFreshNonces:
                        Assert.True(state.Attempt > newest);
                        newest = held = state.Attempt;
                        break;
                    case UseNonces:
                        Assert.Equal(held, state.Attempt);
                        Assert.True(used.Add(held));
                        held = 0;
                        break;
                    case Wipe:
                        held = 0;
                        break;
                }
            }
        });
    }
}
