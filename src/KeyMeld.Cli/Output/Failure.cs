using KeyMeld.DevKit.Stack;
using KeyMeld.Protocol.Errors;
using Spectre.Console;

namespace KeyMeld.Cli.Output;

/// <summary>How a command ends when it cannot do what it was asked: one sentence with the stable code, one with what to do, exit code 1.</summary>
internal static class Failure
{
    /// <summary>Runs a command; every refusal becomes its sentences on stderr.</summary>
    public static async Task<int> GuardAsync(Func<Task<int>> command)
    {
        try
        {
            return await command();
        }
        catch (KeyMeldException exception)
        {
            return Show(exception.Code, exception.Message, ErrorCodes.Get(exception.Code).Action);
        }
        catch (StackException exception)
        {
            return Show("stack_failed", exception.Message, exception.Part == "stack" ? "" : $"Its log is logs/{exception.Part}.log in the data folder.");
        }
        catch (OperationCanceledException)
        {
            return Show("interrupted", "Interrupted.", "");
        }
        catch (Amazon.Runtime.AmazonServiceException exception)
        {
            return Show("kms_failed", $"KMS answered {exception.ErrorCode}: {exception.Message}", "");
        }
#pragma warning disable CA1031 // the boundary of the process: a stack trace helps no operator
        catch (Exception exception) when (exception is not (IOException or UnauthorizedAccessException))
        {
            return Show(ErrorCodes.Internal, $"{exception.GetType().Name}: {exception.Message}", "This is a fault of the program; please report it with the command you gave.");
        }
#pragma warning restore CA1031
        catch (IOException exception)
        {
            return Show("file_failed", exception.Message, "");
        }
        catch (UnauthorizedAccessException exception)
        {
            return Show("file_failed", exception.Message, "");
        }
    }

    /// <summary>Prints one failure and gives the exit code.</summary>
    public static int Show(string code, string message, string action)
    {
        if (Report.Json)
        {
            Console.Out.WriteLine(JsonLine.Of(json =>
            {
                json.WriteStartObject("error");
                json.WriteString("code", code);
                json.WriteString("message", message);
                json.WriteString("action", action);
                json.WriteEndObject();
            }));
            return 1;
        }
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        console.MarkupLineInterpolated($"[red]error[/] {code}: {message}");
        if (action.Length > 0)
        {
            console.MarkupLineInterpolated($"  {action}");
        }
        return 1;
    }
}
