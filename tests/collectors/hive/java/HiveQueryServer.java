import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.hive.conf.HiveConf;
import org.apache.hadoop.hive.metastore.api.Schema;
import org.apache.hadoop.hive.ql.Driver;
import org.apache.hadoop.hive.ql.processors.CommandProcessor;
import org.apache.hadoop.hive.ql.processors.CommandProcessorFactory;
import org.apache.hadoop.hive.ql.processors.CommandProcessorResponse;
import org.apache.hadoop.hive.ql.session.SessionState;
import org.apache.hive.service.cli.CLIService;
import org.apache.hive.service.cli.FetchOrientation;
import org.apache.hive.service.cli.HiveSQLException;
import org.apache.hive.service.cli.OperationHandle;
import org.apache.hive.service.cli.OperationState;
import org.apache.hive.service.cli.RowSet;
import org.apache.hive.service.cli.RowSetFactory;
import org.apache.hive.service.cli.TableSchema;
import org.apache.hive.service.cli.operation.ExecuteStatementOperation;
import org.apache.hive.service.cli.operation.Operation;
import org.apache.hive.service.cli.operation.OperationManager;
import org.apache.hive.service.cli.session.HiveSession;
import org.apache.hive.service.cli.session.SessionManager;
import org.apache.hive.service.rpc.thrift.TRowSet;
import org.apache.hive.service.rpc.thrift.TTableSchema;
import org.apache.hive.service.server.HiveServer2;

/**
 * HiveServer2 with Hive's own query engine, out of the jars that come with Spark: Spark brings the engine and the
 * thrift front, but replaced what joins the two.
 */
public final class HiveQueryServer {
  private HiveQueryServer() {}

  public static void main(String[] arguments) throws Exception {
    HiveConf configuration = new HiveConf();
    configuration.set("list.sink.output.formatter", "org.apache.hadoop.hive.serde2.thrift.ThriftFormatter");
    HiveServer2 server = new HiveServer2();
    server.init(configuration);
    SessionManager sessions = ((CLIService) field(HiveServer2.class, "cliService").get(server)).getSessionManager();
    Statements statements = new Statements();
    statements.init(configuration);
    field(SessionManager.class, "operationManager").set(sessions, statements);
    server.start();
    Thread.currentThread().join();
  }

  private static Field field(Class<?> owner, String name) throws NoSuchFieldException {
    Field found = owner.getDeclaredField(name);
    found.setAccessible(true);
    return found;
  }

  /** Makes operations that run statements with Hive's engine. */
  private static final class Statements extends OperationManager {
    private final Map<OperationHandle, Operation> running;

    @SuppressWarnings("unchecked")
    Statements() throws Exception {
      running = (Map<OperationHandle, Operation>) field(OperationManager.class, "handleToOperation").get(this);
    }

    @Override
    public ExecuteStatementOperation newExecuteStatementOperation(
        HiveSession session, String text, Map<String, String> overlay, boolean async, long timeout) {
      ExecuteStatementOperation statement = new Statement(session, text, overlay);
      running.put(statement.getHandle(), statement);
      return statement;
    }
  }

  private static final class Statement extends ExecuteStatementOperation {
    private Driver driver;
    private TableSchema columns = new TableSchema();

    Statement(HiveSession session, String text, Map<String, String> overlay) {
      super(session, text, overlay, false);
    }

    @Override
    protected void runInternal() throws HiveSQLException {
      setState(OperationState.RUNNING);
      try {
        SessionState.start(SessionState.get()); // each request may come in another thread
        CommandProcessorResponse answer = execute(statement.trim());
        if (answer.getResponseCode() != 0) {
          throw toSQLException("Error while processing statement", answer);
        }
        Schema schema = driver == null ? null : driver.getSchema();
        boolean hasRows = schema != null && schema.isSetFieldSchemas() && !schema.getFieldSchemas().isEmpty();
        if (hasRows) {
          columns = new TableSchema(schema.getFieldSchemas());
        }
        setHasResultSet(hasRows);
        setState(OperationState.FINISHED);
      } catch (HiveSQLException error) {
        setState(OperationState.ERROR);
        throw error;
      } catch (Throwable error) {
        setState(OperationState.ERROR);
        throw new HiveSQLException("Error running query: " + error, error);
      }
    }

    private CommandProcessorResponse execute(String text) throws Exception {
      String[] words = text.split("\\s+");
      HiveConf configuration = parentSession.getHiveConf();
      CommandProcessor command = CommandProcessorFactory.getForHiveCommand(words, configuration);
      if (command != null) { // SET, DFS, ADD …
        return command.run(text.substring(words[0].length()).trim());
      }
      driver = new Driver(configuration, parentSession.getUserName());
      return driver.run(text);
    }

    @Override
    public TTableSchema getResultSetSchema() {
      return columns.toTTableSchema();
    }

    @Override
    public TRowSet getNextRowSet(FetchOrientation orientation, long most) throws HiveSQLException {
      try {
        RowSet page = RowSetFactory.create(columns, getProtocolVersion(), false);
        List<Object> rows = new ArrayList<>();
        driver.setMaxRows((int) Math.min(most, Integer.MAX_VALUE));
        if (driver.getResults(rows)) {
          rows.forEach(row -> page.addRow(row instanceof Object[] ? (Object[]) row : split(row.toString())));
        }
        return page.toTRowSet();
      } catch (Exception error) {
        throw new HiveSQLException(error.toString(), error);
      }
    }

    /** Commands such as DESCRIBE give lines of tab-separated values. */
    private Object[] split(String line) {
      String[] values = line.split("\t", -1);
      Object[] row = new Object[columns.getSize()];
      for (int i = 0; i < row.length && i < values.length; i++) {
        row[i] = values[i].equals("NULL") || values[i].equals("\\N") ? null : values[i];
      }
      return row;
    }

    @Override
    public void cancel() throws HiveSQLException {
      setState(OperationState.CANCELED);
    }

    @Override
    public void close() throws HiveSQLException {
      if (driver != null) {
        driver.close();
        driver.destroy();
      }
      setState(OperationState.CLOSED);
      cleanupOperationLog();
    }
  }
}
